# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.mesh.intersections import find_intersections
from era3d.mesh.symmetry import find_mirror_plane, mirror_views, overlap_with_mirror, symmetrise
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.views import Views
from tests.backend.mesh.shapes import ball, together
from tests.backend.mesh.solids import assert_solid, box, dented_sphere, letter_f, sphere, views_of

SIZE = 96


def off_middle(points):
    return box(points, np.array([0.06, 0.02, 0.0]), np.array([0.2, 0.1, 0.25]))


def turned_f(points):
    """The letter, seen edge on from the front: its own mirror image in x = 0."""
    return letter_f(points[..., [1, 0, 2]])


def sorted_points(mesh, mirror):
    points = mesh.vertices * np.float32([-1 if mirror else 1, 1, 1]) + np.float32(0.0)
    return points[np.lexsort(points.T)]


def assert_mirrored(mesh):
    np.testing.assert_array_equal(sorted_points(mesh, False), sorted_points(mesh, True))


@pytest.mark.parametrize(
    "centre", [(0.0, 0, 0), (0.1, 0, 0), (-0.07, 0.02, 0), (0.2, 0, 0), (0.013, 0.01, 0.007)]
)
def test_half_a_ball_becomes_mirrored(centre):
    mesh = symmetrise(ball(4, 0.35, centre))
    assert_solid(mesh)
    assert_mirrored(mesh)
    assert len(find_intersections(mesh)) == 0
    expected = abs(centre[0]) + 0.35
    assert np.abs(mesh.vertices[:, 0]).max() == pytest.approx(expected, abs=1e-3)
    radius = np.linalg.norm(np.abs(mesh.vertices) - np.abs(np.array(centre) * [1, 0, 0]), axis=1)
    if not any(centre[1:]):
        assert np.abs(radius - 0.35).max() < 0.01


def test_a_mirrored_ball_stays_the_same():
    mesh = ball(3)
    again = symmetrise(mesh)
    np.testing.assert_array_equal(sorted_points(again, False), sorted_points(mesh, False))
    assert len(again.faces) == len(mesh.faces)


def test_what_is_only_on_one_side_appears_on_both():
    mesh = symmetrise(together(ball(3, 0.2), ball(2, 0.1, (0.33, 0.0, 0.0))))
    assert_solid(mesh)
    assert_mirrored(mesh)
    assert mesh.vertices[:, 0].min() < -0.42


def test_another_plane():
    mesh = symmetrise(ball(3, 0.2, (0.15, 0, 0)), plane=0.125)
    assert_solid(mesh)
    about = TriangleMesh(mesh.vertices - np.float32([0.125, 0, 0]), mesh.faces)
    np.testing.assert_allclose(sorted_points(about, False), sorted_points(about, True), atol=1e-6)


def test_the_plane_is_found():
    assert find_mirror_plane(views_of(sphere, SIZE)) == 0.0
    assert find_mirror_plane(views_of(off_middle, SIZE)) == pytest.approx(0.06, abs=0.1 / SIZE)
    empty = Views(views_of(sphere, SIZE).color, np.zeros((6, SIZE, SIZE, 4), np.uint8))
    with pytest.raises(InputError, match="front nor the back"):
        find_mirror_plane(empty)


@pytest.mark.parametrize(("solid", "plane"), [(dented_sphere, 0.0), (off_middle, 0.06)])
def test_mirrored_objects_keep_their_views(solid, plane):
    views = views_of(solid, SIZE)
    mirrored = mirror_views(views, plane)
    inside = (views.normal[..., 3] == 255) & (mirrored.normal[..., 3] == 255)
    difference = views.normal[inside].astype(int) - mirrored.normal[inside]
    # Where normals turn abruptly, half a pixel changes them.
    assert (np.abs(difference).max(-1) <= 3).mean() > 0.93
    assert overlap_with_mirror(views, plane) > 0.98


def test_mirrored_views_are_mirrored():
    views = views_of(letter_f, SIZE)
    normal = mirror_views(views).normal
    right, left = normal[VIEWS.index("right")], normal[VIEWS.index("left")]
    np.testing.assert_array_equal(right[..., 3], left[:, ::-1, 3])
    front = normal[VIEWS.index("front")]
    inside = (front[..., 3] == 255) & (front[:, ::-1, 3] == 255)
    total = front[..., 0].astype(int) + front[:, ::-1, 0]
    assert np.abs(total[inside] - 255).max() <= 1
    assert overlap_with_mirror(views) < 0.8


def test_a_missing_view_is_made_from_its_mirror_image():
    views = views_of(turned_f, SIZE)
    normal = views.normal.copy()
    normal[VIEWS.index("left")] = 0
    filled = mirror_views(Views(views.color, normal)).normal[VIEWS.index("left")]
    expected = views.normal[VIEWS.index("left")]
    assert ((filled[..., 3] > 127) == (expected[..., 3] > 127)).mean() > 0.995
    inside = (filled[..., 3] == 255) & (expected[..., 3] == 255)
    assert np.abs(filled[inside].astype(int) - expected[inside]).mean() < 2
