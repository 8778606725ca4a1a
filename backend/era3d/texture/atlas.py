# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each face of a mesh lies in the texture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Atlas:
    """UVs of a mesh whose vertices are split at the seams.

    Attributes
    ----------
    vertex : (n,) int32
        Which vertex of the mesh each vertex of the atlas is a copy of.
    uv : (n, 2) float32
        Texture coordinates in 0..1, (0, 0) at the top left.
    faces : (m, 3) int32
        Indices into the atlas' vertices, face by face those of the mesh.
    """

    vertex: NDArray[np.int32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]
