# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gains: views of different exposure make one texture without seams."""

from dataclasses import replace

import numpy as np
import pytest

from era3d.texture import TextureSettings, bake, baking
from era3d.texture.exposure import estimate_gains
from era3d.texture.normals import vertex_normals
from era3d.texture.seams import measure_seams
from era3d.texture.sources import Surface, make_sources
from era3d.views import Views
from tests.backend.texture.scenes import sphere, views_of

GAINS = 1 + 0.05 * np.array([1, -1, 1, -1, 1, -1])
CHANNELS = GAINS[:, None] * [1.0, 0.98, 1.03]


def soft(points):
    """Colours without edges."""
    return 0.5 + 0.25 * np.sin(points * [9, 11, 7] + [0, 1, 2])


def exposed(views: Views, gains) -> Views:
    color = views.color.copy()
    color[..., :3] = np.round(color[..., :3] * np.reshape(gains, (6, 1, 1, -1))).clip(0, 255)
    return Views(color, views.normal)


def gains_of(mesh, views):
    normals = vertex_normals(mesh.vertices, mesh.faces)
    sources = make_sources(mesh, views, 512, (1.0,) * 6)
    return estimate_gains(sources, Surface(mesh.vertices, normals, normals))


@pytest.fixture(scope="module")
def mesh():
    return sphere(cuts=5)


@pytest.fixture(scope="module")
def views(mesh):
    return views_of(mesh, soft)


def test_views_that_agree_are_left_as_they_are(mesh, views):
    np.testing.assert_allclose(gains_of(mesh, views), 1, atol=0.002)


def test_gains_of_views_and_channels_are_found(mesh, views):
    undone = CHANNELS * gains_of(mesh, exposed(views, CHANNELS))
    np.testing.assert_allclose(undone / undone.mean(0), 1, atol=0.004)
    # Overall it stays as bright as it is.
    np.testing.assert_allclose(undone.mean(0), CHANNELS.mean(0), atol=0.01)


def test_something_painted_over_one_view_moves_nothing(mesh, views):
    painted = exposed(views, GAINS)
    painted.color[0, 100:140, 100:140, :3] = 0
    undone = GAINS[:, None] * gains_of(mesh, painted)
    np.testing.assert_allclose(undone / undone.mean(0), 1, atol=0.01)


def test_views_that_share_nothing_are_left_as_they_are(mesh, views):
    alone = views.color.copy()
    alone[1:, ..., 3] = 0
    np.testing.assert_array_equal(gains_of(mesh, Views(alone, views.normal)), 1)


def test_a_seam_is_told_from_the_colours_of_the_object_itself(mesh, views):
    def own(points):
        return 255 * soft(points)

    textured = bake(mesh, views, TextureSettings(size=512))
    truth = measure_seams(mesh.faces, textured, own).charts
    assert measure_seams(mesh.faces, textured).charts == pytest.approx(truth, rel=0.05)
    # A chart that is painted a little lighter shows; the object's own colours do not know of it.
    lighter = textured.image.copy()
    lighter[:, : len(lighter) // 2] += 8
    spoiled = replace(textured, image=lighter)
    assert measure_seams(mesh.faces, spoiled).charts > 1.15 * truth
    assert measure_seams(mesh.faces, spoiled, own).charts == truth


def test_no_seam_shows_where_views_differ_in_exposure(mesh, views, monkeypatch):
    settings = TextureSettings(size=512)
    even = measure_seams(mesh.faces, bake(mesh, views, settings))
    different = exposed(views, GAINS)
    balanced = measure_seams(mesh.faces, bake(mesh, different, settings))
    assert balanced.charts < 1.15
    assert balanced.jump < 1.5
    assert balanced.views < 1.02 * even.views
    monkeypatch.setattr(baking, "estimate_gains", lambda *_: np.ones((6, 3), np.float32))
    assert measure_seams(mesh.faces, bake(mesh, different, settings)).views > 1.1 * even.views
