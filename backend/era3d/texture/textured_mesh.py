# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A triangle mesh with UVs and the picture that they point into."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TexturedMesh:
    """A mesh whose vertices are split where the texture has seams.

    Attributes
    ----------
    vertices : (n, 3) float32
        World frame, units.
    normals : (n, 3) float32
        Smooth unit normals, equal on both sides of a seam, world frame.
    uv : (n, 2) float32
        Texture coordinates in 0..1; (0, 0) is the top left corner of the image, as in glTF.
    faces : (m, 3) int32
        Corners counter-clockwise as seen from outside, in the order of the mesh's own faces.
    image : (T, T, 3) uint8
        Base colour, sRGB.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]
    image: NDArray[np.uint8]
