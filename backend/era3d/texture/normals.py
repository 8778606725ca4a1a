# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normals of vertices."""

import numpy as np
from numpy.typing import NDArray


def vertex_normals(
    vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Smooth unit normals (n, 3): the faces' own, weighted by their angle at the vertex."""
    corners = vertices.astype(np.float64)[faces]
    edges = _unit(np.roll(corners, -1, 1) - corners)
    normal = _unit(np.cross(edges[:, 0], edges[:, 1]))
    total = np.zeros((len(vertices), 3))
    for k in range(3):
        angle = np.arccos((-edges[:, k - 1] * edges[:, k]).sum(1).clip(-1, 1))
        for axis in range(3):
            total[:, axis] += np.bincount(
                faces[:, k], angle * normal[:, axis], minlength=len(vertices)
            )
    lost = np.linalg.norm(total, axis=1) < 1e-12
    total[lost] = [0.0, 0.0, 1.0]
    return _unit(total).astype(np.float32)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-30)
