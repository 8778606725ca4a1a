# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A painted triangle mesh: with UVs and pictures, or with colours at its vertices."""

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
    tangents : (n, 4) float32, optional
        World frame; see `era3d.texture.tangents.vertex_tangents`. Comes with a normal map.
    normal_map : (T, T, 3) uint8, optional
        Tangent-space normals, rgb = n / 2 + 1 / 2: right, up and out of the picture, as in glTF.
    coverage : (T, T, 3) uint8, optional
        Which view painted what; see `era3d.texture.coverage.coverage_colors`. Not part of files.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]
    image: NDArray[np.uint8]
    tangents: NDArray[np.float32] | None = None
    normal_map: NDArray[np.uint8] | None = None
    coverage: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class ColoredMesh:
    """A mesh with a colour at each vertex.

    Attributes
    ----------
    vertices : (n, 3) float32
        World frame, units.
    normals : (n, 3) float32
        Smooth unit normals, world frame.
    colors : (n, 3) float32
        sRGB, 0..1.
    faces : (m, 3) int32
        Corners counter-clockwise as seen from outside.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    colors: NDArray[np.float32]
    faces: NDArray[np.int32]
