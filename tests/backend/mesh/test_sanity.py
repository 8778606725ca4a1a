# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that cannot be right are named and left out; sound ones are not."""

import warnings

import numpy as np
import pytest

from era3d.cameras import VIEWS, camera_axes, normals_to_maps, normals_to_world
from era3d.errors import InputError, ViewWarning
from era3d.mesh.sanity import weights_of_sound_views
from era3d.views import Views
from tests.backend.mesh.solids import cube, letter_f, sphere, views_of

SIZE = 96
ALL = (1.0,) * 6
FAULTS = [((1,), "mirrored left to right"), ((0,), "upside down"), ((0, 1), "turned by 180")]


def cone(points):
    """A roof: where it ends below, its normals point up."""
    slope = 0.9 * np.hypot(points[..., 0], points[..., 1]) + 0.44 * (points[..., 2] - 0.3)
    return np.maximum(slope, -0.25 - points[..., 2])


def lying_cone(points):
    return cone(points[..., [2, 1, 0]])


def changed(views, name, change):
    normal = views.normal.copy()
    index = VIEWS.index(name)
    normal[index] = change(normal[index])
    return Views(views.color, normal)


def flipped_with_normals(image, axes, view):
    """A view as a camera that is mirrored itself would show it."""
    image = np.flip(image, axes).copy()
    in_camera = normals_to_world(image[..., :3] / 127.5 - 1.0) @ camera_axes(view).T
    for axis in axes:
        in_camera[..., 1 - axis] *= -1.0
    maps = normals_to_maps(in_camera @ camera_axes(view))
    image[..., :3] = np.round((maps + 1.0) * 127.5).clip(0, 255)
    return image


def without(name):
    return tuple(0.0 if view == name else 1.0 for view in VIEWS)


@pytest.mark.parametrize("solid", [sphere, cube, letter_f, cone, lying_cone])
def test_sound_views_are_kept_without_a_word(solid):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert weights_of_sound_views(views_of(solid, SIZE), ALL) == ALL


@pytest.mark.parametrize("name", ["front", "back", "front_right"])
@pytest.mark.parametrize(("axes", "words"), FAULTS)
def test_pictures_turned_under_their_normals_are_named(name, axes, words):
    views = changed(views_of(sphere, SIZE), name, lambda image: np.flip(image, axes))
    with pytest.warns(ViewWarning, match=f"{name} is {words}"):
        assert weights_of_sound_views(views, ALL) == without(name)


@pytest.mark.parametrize(("axes", "words"), FAULTS)
def test_views_turned_with_their_normals_are_named_by_the_others(axes, words):
    views = changed(
        views_of(letter_f, SIZE), "front", lambda image: flipped_with_normals(image, axes, "front")
    )
    with pytest.warns(ViewWarning, match=f"(front|back) is {words}.*other views' outlines tell"):
        assert sum(weights_of_sound_views(views, ALL)) == 5


def test_normals_that_point_away_are_named():
    def inside_out(image):
        return np.dstack([255 - image[..., :3], image[..., 3]])

    views = changed(views_of(letter_f, SIZE), "left", inside_out)
    with pytest.warns(ViewWarning, match="left has normals that point away from its camera"):
        assert weights_of_sound_views(views, ALL) == without("left")


def test_maps_in_each_camera_s_own_frame_say_so():
    """A common mistake: the front view alone is right then."""
    views = views_of(sphere, SIZE)
    normal = views.normal.copy()
    normal[:] = normal[0]
    with pytest.raises(InputError, match=r"back has normals.*front camera's frame"):
        weights_of_sound_views(Views(views.color, normal), ALL)


def test_an_empty_view_is_named():
    views = changed(views_of(sphere, SIZE), "right", np.zeros_like)
    with pytest.warns(ViewWarning, match="right shows no object"):
        assert weights_of_sound_views(views, ALL) == without("right")


def test_a_view_that_nobody_wants_is_not_spoken_of():
    views = changed(views_of(sphere, SIZE), "right", np.zeros_like)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert weights_of_sound_views(views, without("right")) == without("right")


def test_an_object_at_the_border_is_named():
    views = views_of(letter_f, SIZE)
    normal = np.roll(views.normal, -30, axis=1)
    with pytest.warns(ViewWarning, match="touches the border of the view front;"):
        weights_of_sound_views(Views(views.color, normal), ALL)
