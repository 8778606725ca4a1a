# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling over the surface, and what is made of colours near silhouettes."""

import numpy as np
import pytest

from era3d.mesh import TriangleMesh
from era3d.texture.fill import fill_over_surface
from era3d.texture.silhouette import distance_to_zero, push_outward, rim_width
from tests.backend.texture.scenes import box, sphere, together


def test_known_colours_stay_and_unknown_ones_lie_between():
    mesh = sphere(cuts=4)
    height = mesh.vertices[:, 2] / 0.7 + 0.5
    color = np.repeat(height[:, None], 3, 1).astype(np.float32)
    known = np.abs(mesh.vertices[:, 2]) > 0.1
    filled = fill_over_surface(mesh, np.where(known[:, None], color, 0), known.astype(np.float32))
    assert np.abs(filled - color)[known].max() < 0.02
    band = filled[~known]
    assert np.abs(band - color[~known]).max() < 0.15
    assert band.min() > color[mesh.vertices[:, 2] < -0.1].max() - 0.02
    assert band.max() < color[mesh.vertices[:, 2] > 0.1].min() + 0.02


def test_an_edge_runs_on_through_what_no_view_saw():
    mesh = sphere(cuts=4)
    upper = mesh.vertices[:, 2] > 0.02
    color = np.where(upper[:, None], [0.9, 0.9, 0.9], [0.1, 0.1, 0.1]).astype(np.float32)
    known = np.abs(mesh.vertices[:, 0]) > 0.15
    filled = fill_over_surface(mesh, np.where(known[:, None], color, 0.5), known.astype(np.float32))
    assert np.abs(filled - color).max() < 0.05


def test_colours_of_one_height_run_on_round_the_object():
    """What lies beside counts more than what lies above, even if that is nearer."""
    mesh = sphere(cuts=4)
    x, _, z = mesh.vertices.T
    color = np.where(z[:, None] > 0.1, [0.9, 0.9, 0.9], [0.1, 0.1, 0.1]).astype(np.float32)
    known = (np.abs(x) > 0.15) | (z > 0.11)
    filled = fill_over_surface(mesh, np.where(known[:, None], color, 0.5), known.astype(np.float32))
    low = ~known & (z < 0.05) & (z > -0.2)
    assert low.sum() > 50
    assert np.abs(filled - color)[low].max() < 0.2


def test_a_piece_that_no_view_saw_takes_the_nearest_colour():
    mesh = together(
        box(centre=(-0.5, 0, 0)), box(centre=(0.5, 0, 0)), box((0.01,) * 3, (0.9, 0, 0))
    )
    first, second = mesh.vertices[:, 0] < 0, mesh.vertices[:, 0] < 0.85
    color = np.where(first[:, None], [1.0, 0, 0], [0, 0, 1.0])
    filled = fill_over_surface(mesh, color, (second).astype(np.float32))
    np.testing.assert_allclose(filled[~second], [[0, 0, 1]] * (~second).sum(), atol=1e-3)


def test_nothing_known_at_all_is_grey():
    mesh = box()
    unknown = np.zeros(len(mesh.vertices), np.float32)
    filled = fill_over_surface(mesh, np.zeros((len(unknown), 3), np.float32), unknown)
    np.testing.assert_allclose(filled, 0.5)


def test_faces_without_area_do_no_harm():
    mesh = box()
    degenerate = np.concatenate([mesh.faces, [[0, 0, 1], [2, 2, 2]]]).astype(np.int32)
    mesh = TriangleMesh(mesh.vertices, degenerate)
    confidence = (mesh.vertices[:, 0] < 0).astype(np.float32)
    filled = fill_over_surface(mesh, np.full((len(mesh.vertices), 3), 0.5), confidence)
    np.testing.assert_allclose(filled, 0.5, atol=1e-6)


def disc(size: int, rim: float) -> tuple[np.ndarray, np.ndarray]:
    """A dark disc with a rim of that many pixels half mixed with white, and its distances."""
    centre = np.arange(size) + 0.5 - size / 2
    radius = np.hypot(centre, centre[:, None])
    inside = distance_to_zero(radius < 0.4 * size)
    color = np.full((size, size, 3), 60, np.uint8)
    color[inside <= rim] = 158
    color[inside == 0] = 255
    return color[None], inside[None]


@pytest.mark.parametrize("rim", [0, 1, 2, 3])
def test_the_width_of_the_light_rim_is_seen(rim):
    assert rim_width(*disc(512, rim), 1.0) == rim


def test_too_little_to_tell_means_a_cautious_rim():
    color, inside = disc(512, 0)
    assert rim_width(np.full_like(color, 250), inside, 1.0) == 3
    assert rim_width(np.full_like(color, 250), inside, 0.125) == 1


def test_colours_move_outward_from_within():
    (color,), (inside,) = disc(128, 3)
    assert (push_outward(color, inside, 3.5) == 60).all()


def test_thin_parts_keep_the_colour_of_their_middle():
    color = np.full((64, 64, 3), 255, np.uint8)
    color[:, 30:33] = 120
    color[:, 31] = 10
    mask = np.zeros((64, 64), bool)
    mask[:, 30:33] = True
    assert (push_outward(color, distance_to_zero(mask), 3.0)[:, 25:40] == 10).all()
