# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.cameras import VIEWS, camera_axes, normals_to_maps
from era3d.errors import Cancelled, InputError
from era3d.mesh import MeshSettings, fuse
from era3d.mesh.fusion import _levels
from era3d.views import Views, load_views
from tests.backend.mesh.solids import (
    COIN_FLOOR,
    CUBE_HALF,
    DENT_CENTRE,
    DENT_RADIUS,
    SPHERE_RADIUS,
    assert_solid,
    coin,
    coverage,
    cube,
    dented_sphere,
    letter_f,
    overlap,
    sphere,
    views_of,
)

SIZE = 64
SPOT = Path(__file__).parents[3] / "examples" / "spot_views"


def emptied(views, names):
    normal = views.normal.copy()
    normal[[VIEWS.index(name) for name in names], ..., 3] = 0
    return Views(views.color, normal)


def reduced(views, size):
    def shrink(images):
        return np.stack([np.asarray(Image.fromarray(i).resize((size, size), 4)) for i in images])

    return Views(shrink(views.color), shrink(views.normal))


@pytest.fixture(scope="module")
def steps():
    return []


@pytest.fixture(scope="module")
def sphere_mesh(steps):
    return fuse(views_of(sphere, SIZE), progress=lambda step, of: steps.append((step, of)))


def test_sphere(sphere_mesh):
    assert_solid(sphere_mesh)
    radius = np.linalg.norm(sphere_mesh.vertices, axis=1)
    assert np.abs(radius - SPHERE_RADIUS).mean() < 0.0005
    assert np.abs(radius - SPHERE_RADIUS).max() < 0.003
    corners = sphere_mesh.vertices[sphere_mesh.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    outward = corners.mean(1) / np.linalg.norm(corners.mean(1), axis=1, keepdims=True)
    assert np.degrees(np.arccos((normal * outward).sum(1).clip(-1, 1))).mean() < 4


def test_cube():
    mesh = fuse(views_of(cube, SIZE))
    assert_solid(mesh)
    assert np.abs(cube(mesh.vertices)).mean() < 0.001
    assert mesh.signed_volume() == pytest.approx((2 * CUBE_HALF) ** 3, rel=0.02)


def test_normals_carve_a_dent_that_no_silhouette_shows():
    mesh = fuse(views_of(dented_sphere, 128))
    assert_solid(mesh)
    near_axis = np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 2]) < 0.05
    floor = mesh.vertices[near_axis & (mesh.vertices[:, 1] < 0), 1]
    assert floor.mean() == pytest.approx(DENT_CENTRE[1] + DENT_RADIUS, abs=0.02)


def test_a_face_that_lies_behind_a_rim_is_as_deep_as_it_is():
    """Normals alone cannot tell: a coarse lattice that shows them no worse has it too shallow."""
    mesh = fuse(views_of(coin, 160))
    assert_solid(mesh)
    x, y, z = mesh.vertices.T
    floor = y[(np.hypot(x, z) < 0.19) & (np.abs(x) > 0.06) & (y < 0)]
    assert floor.mean() == pytest.approx(COIN_FLOOR, abs=0.004)


def test_letter_is_not_mirrored():
    views = views_of(letter_f, 96)
    mesh = fuse(views)
    assert_solid(mesh)
    seen = views.normal[0, ..., 3] > 127
    assert overlap(coverage(mesh, "front", 96), seen) > 0.95
    assert overlap(coverage(mesh, "front", 96), seen[:, ::-1]) < 0.7


def test_spot_keeps_its_silhouettes():
    views = reduced(load_views(SPOT), 96)
    mesh = fuse(views, MeshSettings(target_faces=3000))
    assert_solid(mesh)
    assert len(mesh.faces) == pytest.approx(3000, rel=0.05)
    for index, view in enumerate(VIEWS):
        seen = views.normal[index, ..., 3] > 127
        assert overlap(coverage(mesh, view, 96), seen) > 0.96, view


def test_same_views_same_mesh(sphere_mesh):
    again = fuse(views_of(sphere, SIZE))
    np.testing.assert_array_equal(again.vertices, sphere_mesh.vertices)
    np.testing.assert_array_equal(again.faces, sphere_mesh.faces)


def test_goes_on_without_views_that_show_nothing():
    mesh = fuse(emptied(views_of(sphere, 64), ["front", "right", "back"]))
    assert_solid(mesh)
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - SPHERE_RADIUS).mean() < 0.01


def test_too_few_views_are_named():
    views = emptied(views_of(sphere, 64), ["front", "right", "back", "front_left"])
    with pytest.raises(InputError, match="front, right, back, front_left show no object"):
        fuse(views)
    with pytest.raises(InputError, match="show no object"):
        fuse(emptied(views, VIEWS))


def test_silhouettes_without_anything_in_common():
    views = views_of(sphere, 64)
    small = views.normal.copy()
    small[..., 3] = 0
    small[:3, 2:10, 20:40, 3] = 255
    small[3:, 50:60, 20:40, 3] = 255
    for index, view in enumerate(VIEWS):
        small[index, ..., :3] = np.round((normals_to_maps(camera_axes(view)[2]) + 1) * 127.5)
    with pytest.raises(InputError, match="no object in common"):
        fuse(Views(views.color, small))


def test_progress_rises_to_its_end(sphere_mesh, steps):
    assert [step for step, _ in steps] == list(range(1, len(steps) + 1))
    assert {of for _, of in steps} == {len(steps)}


def test_progress_can_stop_the_work():
    def stop(step, of):
        raise Cancelled

    with pytest.raises(Cancelled):
        fuse(views_of(sphere, SIZE), progress=stop)


@pytest.mark.parametrize("settings", [{"cells": 20}, {"cells": 1000}, {"target_faces": 3}])
def test_settings_out_of_range(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        MeshSettings(**settings)


def test_no_level_is_much_finer_than_the_one_before():
    """Else it knows too little of what lies between, and hollows appear."""
    for cells in (64, 96, 112, 144, 176, 200, 256, 300, 384):
        grids = [64, *(grid for grid, _ in _levels(cells))]
        assert grids[-1] == max(cells, 64)
        assert all(1 < finer / grid <= 1.8 for grid, finer in pairwise(grids))
