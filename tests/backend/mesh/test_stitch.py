# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np

from era3d.mesh.stitch import make_manifold
from era3d.mesh.triangle_mesh import TriangleMesh
from tests.backend.mesh.solids import assert_solid, edge_counts

ONE = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
POINTS = [[0, 0, 0], [0, 0, 1], [1, 0, 0.5], [0.8, 0.6, 0.5]]


def mirrored():
    """The tetrahedron turned half around the edge 0-1, which both then share."""
    points = POINTS + [[-x, -y, z] for x, y, z in POINTS[2:]]
    faces = np.array(ONE)
    if TriangleMesh(np.array(POINTS, np.float32), faces).signed_volume() < 0:
        faces = faces[:, ::-1]
    other = np.array([0, 1, 4, 5])[faces]
    return TriangleMesh(np.array(points, np.float32), np.vstack([faces, other]).astype(np.int32))


def test_solids_that_share_an_edge_come_apart():
    touching = mirrored()
    assert len(edge_counts(touching)) == 5
    parted = make_manifold(touching)
    assert_solid(parted)
    assert len(parted.vertices) == 8
    assert abs(parted.signed_volume() / touching.signed_volume() - 1) < 0.2


def test_solids_that_share_a_vertex_come_apart():
    points = POINTS + [[-x, -y, -z] for x, y, z in POINTS[1:]]
    faces = np.array(ONE)
    if TriangleMesh(np.array(POINTS, np.float32), faces).signed_volume() < 0:
        faces = faces[:, ::-1]
    other = np.array([0, 4, 5, 6])[faces[:, ::-1]]
    mesh = TriangleMesh(np.array(points, np.float32), np.vstack([faces, other]).astype(np.int32))
    assert len(make_manifold(mesh).vertices) == 8


def test_faces_back_to_back_are_dropped():
    mesh = mirrored()
    flap = [[2, 3, 4], [4, 3, 2]]
    with_flap = TriangleMesh(mesh.vertices, np.vstack([mesh.faces, flap]).astype(np.int32))
    assert len(make_manifold(with_flap).faces) == len(mesh.faces)
