# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from era3d.mesh.detail import add_detail, look_at_faces
from era3d.mesh.intersections import find_intersections
from era3d.mesh.observations import observe
from era3d.mesh.triangle_mesh import TriangleMesh
from tests.backend.mesh.shapes import ball
from tests.backend.mesh.solids import (
    SPHERE_RADIUS,
    assert_solid,
    coverage,
    overlap,
    sphere,
    views_of,
)

SIZE = 192
HEIGHT, WAVES = 0.003, 40.0


def ripples(points):
    return HEIGHT * np.sin(WAVES * points[..., 2])


def rippled_sphere(points):
    return sphere(points) - ripples(points)


@pytest.fixture(scope="module")
def observations():
    return observe(views_of(rippled_sphere, SIZE))


@pytest.fixture(scope="module")
def refined(observations):
    return add_detail(ball(5), observations)


def heights(mesh):
    return np.linalg.norm(mesh.vertices, axis=1) - SPHERE_RADIUS


def test_ripples_that_only_the_normals_show_appear(refined):
    points = ball(5).vertices
    seen = (np.abs(points[:, 2]) < 0.25) & (points[:, 1] < 0.0)
    expected = ripples(points)
    assert np.abs(heights(ball(5)) - expected)[seen].mean() > 0.0018
    assert np.abs(heights(refined) - expected)[seen].mean() < 0.0008


def test_what_is_refined_stays_solid_and_keeps_its_outline(refined):
    assert_solid(refined)
    assert len(find_intersections(refined)) == 0
    mask = views_of(rippled_sphere, SIZE).normal[0, ..., 3] > 127
    assert overlap(coverage(refined, "front", SIZE), mask) > 0.98


def test_what_no_view_sees_stays(refined):
    pole = np.abs(ball(5).vertices[:, 2]) > 0.349
    assert np.abs(heights(refined))[pole].max() < 0.3 * HEIGHT


def test_a_mesh_that_fits_stays():
    mesh = ball(5)
    again = add_detail(mesh, observe(views_of(sphere, SIZE)))
    assert np.abs(again.vertices - mesh.vertices).mean() < 1e-4


def test_faces_see_their_own_normals(observations):
    mesh = ball(4)
    seen = look_at_faces(mesh, observe(views_of(sphere, SIZE)))
    centre = mesh.vertices[mesh.faces].mean(1)
    outward = centre / np.linalg.norm(centre, axis=1, keepdims=True)
    sure = seen.weight > 0.5
    assert sure.mean() > 0.6
    assert np.degrees(np.arccos((seen.normal * outward).sum(1)[sure].clip(-1, 1))).mean() < 2.0
    # The poles are seen by none.
    assert seen.weight[np.abs(outward[:, 2]) > 0.99].max() == 0


def test_nothing_moves_where_that_would_cut(observations):
    mesh = ball(4)
    # Two shells a hair apart: any ripple would push one through the other.
    inner = TriangleMesh(
        (mesh.vertices * np.float32(0.9999)).astype(np.float32), mesh.faces[:, ::-1]
    )
    faces = np.vstack([mesh.faces, inner.faces + np.int32(len(mesh.vertices))])
    shell = TriangleMesh(np.vstack([mesh.vertices, inner.vertices]), faces)
    refined = add_detail(shell, observations)
    assert len(find_intersections(refined)) == 0
