# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np

from era3d.mesh.silhouette import signed_distance


def disc(size, x, y, radius, samples=8):
    centre = (np.arange(size * samples) + 0.5) / samples
    inside = np.hypot(centre[None] - x, centre[:, None] - y) < radius
    return inside.reshape(size, samples, size, samples).mean((1, 3))


def test_disc_is_measured_finer_than_a_pixel():
    distance = signed_distance(disc(64, 30.3, 33.8, 17.4))
    centre = np.arange(64) + 0.5
    truth = np.hypot(centre[None] - 30.3, centre[:, None] - 33.8) - 17.4
    near = np.abs(truth) < 10
    assert np.abs(distance - truth)[near].max() < 0.35
    assert np.abs(distance - truth)[near].mean() < 0.06


def test_hard_masks_end_between_pixels():
    alpha = np.zeros((16, 16))
    alpha[4:12, 5:9] = 1
    distance = signed_distance(alpha)
    np.testing.assert_allclose(distance[8, 3:7], [1.5, 0.5, -0.5, -1.5], atol=1e-6)


def test_what_touches_the_border_ends_there():
    distance = signed_distance(np.ones((16, 16)))
    assert (distance < 0).all()
    np.testing.assert_allclose(distance[8, 0], -0.5, atol=1e-6)
