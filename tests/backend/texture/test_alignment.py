# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that are off by some pixels still put their colours where they belong."""

import numpy as np
import pytest

from era3d.cameras import VIEWS
from era3d.texture.alignment import align
from era3d.views import Views
from tests.backend.texture.scenes import box, psnr, views_of

BACK = VIEWS.index("back")


def checks(points):
    """A board of squares round a box."""
    odd = np.floor((points + 0.03) / 0.06).astype(int).sum(1) % 2
    return np.where(odd[:, None], 0.85, 0.2) * np.ones(3)


@pytest.fixture(scope="module")
def mesh():
    return box((0.3, 0.2, 0.35), cuts=4)


@pytest.fixture(scope="module")
def views(mesh):
    return views_of(mesh, checks, 256)


def shifted(views: Views, right: int, down: int) -> Views:
    """The back view moved by whole pixels."""
    color, normal = views.color.copy(), views.normal.copy()
    for images in (color, normal):
        images[BACK] = np.roll(images[BACK], (down, right), (0, 1))
    return Views(color, normal)


def test_views_that_fit_stay_as_they_are(mesh, views):
    again = align(mesh, views)
    np.testing.assert_array_equal(again.color, views.color)
    np.testing.assert_array_equal(again.normal, views.normal)


def test_a_shifted_view_is_moved_back(mesh, views):
    off = shifted(views, 2, -1)
    before = psnr(off.color[BACK], views.color[BACK])
    aligned = align(mesh, off)
    # The rims of squares are blurred by resampling; what counts is where the squares are.
    assert psnr(aligned.color[BACK], views.color[BACK]) > before + 6
    for index in set(range(6)) - {BACK}:
        np.testing.assert_array_equal(aligned.color[index], views.color[index])


def test_views_that_show_nothing_are_no_trouble(mesh, views):
    for empty in (range(6), [BACK], range(1, 6)):
        color, normal = views.color.copy(), views.normal.copy()
        color[list(empty), ..., 3] = normal[list(empty), ..., 3] = 0
        assert align(mesh, Views(color, normal)).size == views.size
