# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes made by hand, to try what changes meshes on."""

import numpy as np

from era3d.mesh.triangle_mesh import TriangleMesh

_OCTAHEDRON = [
    [0, 2, 4],
    [2, 1, 4],
    [1, 3, 4],
    [3, 0, 4],
    [2, 0, 5],
    [1, 2, 5],
    [3, 1, 5],
    [0, 3, 5],
]


def ball(cuts, radius=0.35, centre=(0.0, 0.0, 0.0)):
    """A sphere of 8 * 4 ** cuts triangles."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
    faces = np.array(_OCTAHEDRON)
    for _ in range(cuts):
        points, faces = _quartered(points, faces)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    points = radius * points + np.array(centre)
    return TriangleMesh(points.astype(np.float32), faces.astype(np.int32))


def _quartered(points, faces):
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=2)
    unique, middle = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True)
    ab, bc, ca = (middle.reshape(-1, 3) + len(points)).T
    a, b, c = faces.T
    parts = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return (
        np.vstack([points, points[unique].mean(1)]),
        np.concatenate([np.stack(part, 1) for part in parts]),
    )


def together(*meshes):
    """Several meshes as one."""
    first = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    return TriangleMesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate(
            [mesh.faces + np.int32(start) for mesh, start in zip(meshes, first, strict=False)]
        ),
    )
