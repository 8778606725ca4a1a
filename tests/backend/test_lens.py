# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras in pixels and OpenCV's axes, against the one place where frames are converted."""

import numpy as np
import pytest

from era3d.cameras import VIEWS, camera_to_world, reference_camera, world_to_image
from era3d.lens import lens_of_reference, lens_of_view, orbit_lens, reference_of_lens

POINTS = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 3))


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_projects_as_its_pictures_say(view):
    lens = lens_of_view(view, 100)
    pixel, depth = lens.project(POINTS)
    wanted, wanted_depth = world_to_image(POINTS, view, 100)
    np.testing.assert_allclose(pixel, wanted, atol=1e-9)
    np.testing.assert_allclose(depth - depth[0], wanted_depth - wanted_depth[0], atol=1e-12)
    np.testing.assert_allclose(lens.matrix_world, camera_to_world(view), atol=1e-12)
    np.testing.assert_allclose(lens.position, camera_to_world(view)[:3, 3], atol=1e-12)


def test_an_orbit_starts_at_the_front_and_rises():
    front = orbit_lens("front", 0.0, 0.0, 100, 80.0, distance=1.5)
    np.testing.assert_allclose(front.matrix_world, camera_to_world("front"), atol=1e-12)
    risen = orbit_lens("high", 90.0, 30.0, 100, 80.0, distance=2.0)
    np.testing.assert_allclose(risen.position, [3**0.5, 0.0, 1.0], atol=1e-12)
    pixel, depth = risen.project(np.zeros(3))
    np.testing.assert_allclose([*pixel, depth], [50.0, 50.0, 2.0])
    assert risen.project(np.array([0.0, 0.0, 0.1]))[0][1] < 50.0


@pytest.mark.parametrize("size", [(640, 480), (300, 500)])
def test_the_photos_camera_survives_the_round_trip(size):
    reference = reference_camera(0.3, 40.0, size, (310.0, 200.0), 0.002)
    lens = lens_of_reference(reference)
    # The object's centre lies on the crop's.
    np.testing.assert_allclose(lens.project(np.zeros(3))[0], [310.0, 200.0])
    again = reference_of_lens(lens, reference["sensor_mm"])
    for name, value in reference.items():
        if isinstance(value, str):
            assert again[name] == value
        else:
            np.testing.assert_allclose(again[name], value, atol=1e-12)


def test_another_size_is_the_same_camera():
    lens = orbit_lens("orbit", 40.0, 10.0, 100, 80.0)
    pixel, _ = lens.project(POINTS)
    np.testing.assert_allclose(lens.resized(50, 200).project(POINTS)[0], pixel * [0.5, 2.0])
