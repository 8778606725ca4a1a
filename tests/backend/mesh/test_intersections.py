# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import itertools

import numpy as np
import pytest

from era3d.mesh.intersections import find_intersections, untangle
from era3d.mesh.triangle_mesh import TriangleMesh
from tests.backend.mesh.shapes import ball, together
from tests.backend.mesh.solids import assert_solid


def brute_force(mesh):
    """All pairs of faces, one edge and one face at a time, by solving for the crossing."""
    points, faces = mesh.vertices.astype(np.float64), mesh.faces.tolist()
    found = []
    for i, j in itertools.combinations(range(len(faces)), 2):
        if len(set(faces[i]) & set(faces[j])) < 2 and (
            any(crosses(points, edge, faces[j]) for edge in edges_of(faces[i]))
            or any(crosses(points, edge, faces[i]) for edge in edges_of(faces[j]))
        ):
            found.append((i, j))
    return found


def edges_of(face):
    return [(face[0], face[1]), (face[1], face[2]), (face[2], face[0])]


def crosses(points, edge, face):
    if set(edge) & set(face):
        return False
    (p, q), (a, b, c) = points[list(edge)], points[list(face)]
    matrix = np.stack([p - q, b - a, c - a], 1)
    if abs(np.linalg.det(matrix)) < 1e-15:
        return False
    t, u, v = np.linalg.solve(matrix, p - a)
    return 0 < t < 1 and u >= 0 and v >= 0 and u + v <= 1


@pytest.mark.parametrize("seed", range(2))
def test_finds_what_brute_force_finds(seed):
    random = np.random.default_rng(seed)
    corners = random.normal(size=(40, 1, 3)) + 0.5 * random.normal(size=(40, 3, 3))
    # Some faces share corners with others.
    faces = np.arange(120).reshape(40, 3)
    faces[20:, 0] = faces[:20, 1]
    mesh = TriangleMesh(corners.reshape(-1, 3).astype(np.float32), faces.astype(np.int32))
    expected = brute_force(mesh)
    assert len(expected) > 20
    assert sorted(map(tuple, find_intersections(mesh).tolist())) == sorted(expected)


@pytest.mark.parametrize("count", [3, 1000])
def test_of_some_faces_only_their_cuts_are_found(count):
    mesh = together(ball(4), ball(4, centre=(0.3, 0.1, 0.0)))
    every = find_intersections(mesh)
    among = np.unique(every)[:count]
    expected = every[np.isin(every, among).any(1)]
    assert len(expected) >= 3
    found = find_intersections(mesh, among)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, expected.tolist()))


def test_faces_in_one_plane_do_not_cut():
    corners = np.random.default_rng(3).uniform(-0.4, 0.4, (60, 2))
    points = np.pad(corners, ((0, 0), (0, 1)), constant_values=0.1).astype(np.float32)
    faces = np.arange(60, dtype=np.int32).reshape(20, 3)
    assert len(find_intersections(TriangleMesh(points, faces))) == 0


def test_a_sphere_does_not_cut_itself():
    assert len(find_intersections(ball(4))) == 0


def test_two_spheres_that_overlap_cut():
    one = ball(3)
    both = together(one, ball(3, centre=(0.2, 0.03, 0.01)))
    cuts = find_intersections(both)
    assert len(cuts) > 20
    assert (cuts[:, 0] < len(one.faces)).all()
    assert (cuts[:, 1] >= len(one.faces)).all()


def test_a_fold_is_smoothed_away():
    mesh = ball(4)
    points = mesh.vertices.copy()
    # Push one vertex through the far side of its neighbours.
    ring = np.unique(mesh.faces[(mesh.faces == 100).any(1)])
    points[100] += 3 * (points[ring[-1]] - points[100]) - 0.05 * points[100]
    folded = TriangleMesh(points, mesh.faces)
    assert len(find_intersections(folded)) > 0
    flat = untangle(folded)
    assert len(find_intersections(flat)) == 0
    assert_solid(flat)
    # Nothing else has moved.
    assert (flat.vertices == mesh.vertices).all(1).mean() > 0.97


def test_nothing_to_find_in_nothing():
    empty = TriangleMesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    assert len(find_intersections(empty)) == 0
