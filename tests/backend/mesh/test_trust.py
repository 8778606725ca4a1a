# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
import torch

from era3d.cameras import VIEWS
from era3d.mesh.hull import hull_distance
from era3d.mesh.observations import observe
from era3d.mesh.trust import agree, estimate_trust, loosen, mirror_error, normal_disagreement
from era3d.views import Views
from tests.backend.mesh.shapes import ball
from tests.backend.mesh.solids import SPHERE_RADIUS, sphere, views_of

SIZE = 64


def shifted(views, name, pixels):
    normal = views.normal.copy()
    index = VIEWS.index(name)
    normal[index] = np.roll(normal[index], pixels, axis=1)
    return Views(views.color, normal)


def tilted(views, degrees):
    """Every second view's normals turned about the vertical."""
    angle = np.radians(degrees)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    normal = views.normal.copy()
    vectors = normal[::2, ..., :3] / 127.5 - 1.0
    normal[::2, ..., :3] = np.round((vectors @ turn.T + 1.0) * 127.5).clip(0, 255)
    return Views(views.color, normal)


def test_mirror_error_tells_exact_views_from_shifted_ones():
    views = views_of(sphere, SIZE)
    assert mirror_error(observe(views)) * SIZE < 0.1
    assert mirror_error(observe(shifted(views, "back", 3))) * SIZE > 1


def test_exact_views_are_left_alone():
    obs = observe(views_of(sphere, SIZE))
    assert agree(obs)
    assert loosen(obs) is obs


def test_hull_of_disagreeing_views_is_looser_and_keeps_what_each_shows():
    obs = observe(shifted(views_of(sphere, SIZE), "back", 1))
    assert not agree(obs)
    loose = loosen(obs)
    points = torch.tensor(ball(4, SPHERE_RADIUS).vertices)
    assert (hull_distance(points, obs) > 0.005).any()
    assert (hull_distance(points, loose) < 0.005).all()
    front, back = loose.distance[0], loose.distance[obs.names.index("back")]
    torch.testing.assert_close(front, back.flip(1))


def test_less_trusted_outline_counts_less():
    weights = (1.0, 1.0, 1.0, 0.25, 1.0, 1.0)
    views = shifted(views_of(sphere, SIZE), "back", 2)
    exact, obs = observe(views_of(sphere, SIZE)), loosen(observe(views, weights))
    near = exact.distance[0].abs() < 0.02
    off = (obs.distance[0] - exact.distance[0])[near].abs().mean() * SIZE
    even = (loosen(observe(views)).distance[0] - exact.distance[0])[near].abs().mean() * SIZE
    assert off < 0.6 * even


@pytest.mark.parametrize("degrees", [0, 4, 12])
def test_normals_of_two_views_are_compared_where_both_see(degrees):
    obs = observe(tilted(views_of(sphere, 128), degrees))
    # Neighbours are an odd number of places apart; opposite views share nothing.
    assert normal_disagreement(ball(5, SPHERE_RADIUS), obs) == pytest.approx(degrees, abs=2.5)


def test_trust_falls_with_what_disagrees():
    mesh, views = ball(5, SPHERE_RADIUS), views_of(sphere, 128)
    exact = estimate_trust(mesh, observe(views))
    rough = estimate_trust(mesh, observe(tilted(views, 15)))
    torn = estimate_trust(mesh, observe(shifted(views, "back", 4)))
    assert exact.anchor > rough.anchor
    assert exact.behind_vote < rough.behind_vote
    assert torn.good_error > exact.good_error
