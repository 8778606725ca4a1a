# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from era3d.mesh.intersections import find_intersections
from era3d.mesh.remesh import Surface, edge_length_for, remesh
from era3d.mesh.triangle_mesh import TriangleMesh
from tests.backend.mesh.shapes import ball
from tests.backend.mesh.solids import assert_solid


def edge_lengths(mesh):
    edges = np.unique(np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), 1), axis=0)
    return np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)


def angles(mesh):
    corner = mesh.vertices[mesh.faces]
    one, other = np.roll(corner, -1, 1) - corner, np.roll(corner, 1, 1) - corner
    cosine = (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
    return np.degrees(np.arccos(cosine.clip(-1, 1)))


def stretched_ball():
    """An egg with triangles five times as long as wide."""
    mesh = ball(3)
    return TriangleMesh(mesh.vertices * np.float32([0.25, 1.25, 0.5]), mesh.faces)


@pytest.mark.parametrize("length", [0.03, 0.05])
def test_edges_become_equally_long(length):
    mesh = stretched_ball()
    again = remesh(mesh, length)
    assert_solid(again)
    assert len(find_intersections(again)) == 0
    lengths = edge_lengths(again)
    assert lengths.mean() == pytest.approx(length, rel=0.12)
    assert lengths.std() < 0.25 * length
    assert np.percentile(angles(again), 1) > 28
    assert np.percentile(angles(mesh), 1) < 15


def test_the_surface_stays():
    mesh = stretched_ball()
    again = remesh(mesh, 0.02)
    assert again.signed_volume() == pytest.approx(mesh.signed_volume(), rel=0.01)
    scaled = again.vertices / np.float32([0.25, 1.25, 0.5])
    assert np.abs(np.linalg.norm(scaled, axis=1) - 0.35).max() < 0.006


def test_a_wanted_number_of_faces():
    mesh = stretched_ball()
    again = remesh(mesh, edge_length_for(mesh, 1500))
    assert len(again.faces) == pytest.approx(1500, rel=0.15)


def test_same_mesh_same_result():
    one, other = (remesh(stretched_ball(), 0.05) for _ in range(2))
    np.testing.assert_array_equal(one.vertices, other.vertices)
    np.testing.assert_array_equal(one.faces, other.faces)


def test_closest_points_by_brute_force():
    random = np.random.default_rng(0)
    mesh = stretched_ball()
    surface = Surface(mesh.vertices.astype(float), mesh.faces.astype(np.int64), 0.03)
    points = (
        mesh.vertices[::40].astype(float)
        + random.normal(scale=0.004, size=(65, 3))[: len(mesh.vertices[::40])]
    )
    share = random.dirichlet([1, 1, 1], 200)
    samples = np.einsum("sk,mkx->msx", share, mesh.vertices[mesh.faces]).reshape(-1, 3)
    nearest = np.array([np.linalg.norm(samples - point, axis=1).min() for point in points])
    found = np.linalg.norm(surface.closest(points, points) - points, axis=1)
    assert (found <= nearest + 1e-6).all()
    assert (found >= nearest - 0.004).all()


def test_a_thin_sheet_keeps_its_two_sides():
    plate = ball(4)
    plate = TriangleMesh(plate.vertices * np.float32([1, 0.05, 1]), plate.faces)
    again = remesh(plate, 0.03)
    assert_solid(again)
    assert len(find_intersections(again)) == 0
    assert again.signed_volume() == pytest.approx(plate.signed_volume(), rel=0.1)
