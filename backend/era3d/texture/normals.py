# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normals of faces and of vertices."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Float = TypeVar("_Float", np.float32, np.float64)


def vertex_normals(
    vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Smooth unit normals (n, 3): the faces' own, weighted by their angle at the vertex."""
    corners = vertices.astype(np.float64)[faces]
    edges = unit(np.roll(corners, -1, 1) - corners)
    normal = unit(np.cross(edges[:, 0], edges[:, 1]))
    total = np.zeros((len(vertices), 3))
    for k in range(3):
        angle = np.arccos((-edges[:, k - 1] * edges[:, k]).sum(1).clip(-1, 1))
        for axis in range(3):
            total[:, axis] += np.bincount(
                faces[:, k], angle * normal[:, axis], minlength=len(vertices)
            )
    lost = np.linalg.norm(total, axis=1) < 1e-12
    total[lost] = [0.0, 0.0, 1.0]
    return unit(total).astype(np.float32)


def face_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> NDArray[np.float32]:
    """Unit normals (m, 3) of faces; 0 where a face has no area."""
    a, b, c = np.moveaxis(vertices.astype(np.float64)[faces], 1, 0)
    return unit(np.cross(b - a, c - a)).astype(np.float32)


def unit(vectors: NDArray[_Float]) -> NDArray[_Float]:
    """Vectors (..., 3) made unit length; what has none stays 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-30)
