# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
import torch
from scipy import ndimage

from era3d.cameras import VIEWS
from era3d.mesh.observations import observe
from era3d.mesh.registration import Warp, register
from era3d.views import Views
from tests.backend.mesh.shapes import ball
from tests.backend.mesh.solids import SPHERE_RADIUS, sphere, views_of

SIZE = 128


def moved(views, shifts):
    """The views, some of them shifted right and down by so many pixels of `SIZE`."""
    normal = views.normal.copy()
    for name, (right, down) in shifts.items():
        index = VIEWS.index(name)
        rgb = views.normal[index].astype(float)
        normal[index] = ndimage.shift(rgb, (down, right, 0), order=1, mode="nearest").round()
    return Views(views.color, normal)


def found(warp, obs, name):
    """Mean displacement right and down, pixels of `SIZE`, where a view shows the object."""
    view = obs.names.index(name)
    return warp.displacement(256)[view][:, obs.distance[view] < 0].mean(1) * SIZE


def test_exact_views_stay_where_they_are():
    obs = observe(views_of(sphere, SIZE))
    warp = register(ball(5, SPHERE_RADIUS), obs, Warp.identity(obs))
    # Told in pixels of 512.
    assert (warp.displacement(256) * 512).square().mean().sqrt() < 0.1


@pytest.mark.parametrize("shifts", [{"front": (0.8, 0)}, {"right": (-1, 0.7), "back": (0, -0.6)}])
def test_shifted_views_are_found_and_brought_back(shifts):
    exact, obs = observe(views_of(sphere, SIZE)), observe(moved(views_of(sphere, SIZE), shifts))
    warp = register(ball(5, SPHERE_RADIUS), obs, Warp.identity(obs))
    for name in VIEWS:
        expected = torch.tensor(shifts.get(name, (0.0, 0.0)))
        assert (found(warp, obs, name) - expected).abs().max() < 0.1
    before = (obs.distance - exact.distance)[exact.distance.abs() < 0.02]
    after = (warp.apply(obs).distance - exact.distance)[exact.distance.abs() < 0.02]
    assert after.abs().mean() < 0.4 * before.abs().mean()


def test_a_warp_is_carried_on_from_where_it_was():
    obs = observe(moved(views_of(sphere, SIZE), {"left": (1, -1)}))
    mesh = ball(5, SPHERE_RADIUS)
    once = register(mesh, obs, Warp.identity(obs))
    twice = register(mesh, obs, once)
    assert (twice.nodes - once.nodes).abs().max() < 0.2


def test_what_the_mesh_cannot_explain_moves_little():
    views = views_of(sphere, SIZE)
    normal = views.normal.copy()
    # A patch of the front view shows something else altogether.
    normal[0, 54:74, 54:74, :3] = (128, 255, 128)
    obs = observe(Views(views.color, normal))
    warp = register(ball(5, SPHERE_RADIUS), obs, Warp.identity(obs))
    assert found(warp, obs, "front").abs().max() < 0.1
