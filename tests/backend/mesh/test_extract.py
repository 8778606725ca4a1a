# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a field to a mesh: what is kept of it."""

import numpy as np
import pytest
import torch

from era3d.mesh.extract import surface_of
from era3d.mesh.grid import Grid

SIZE = 48
GRID = Grid(torch.full((3,), -0.5), 1.0 / (SIZE - 1), (SIZE,) * 3)


def ball(radius: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """Distance to a ball on the grid, voxels."""
    axis = np.linspace(-0.5, 0.5, SIZE)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    away = np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)
    return ((away - radius) / GRID.pitch).astype(np.float32)


def volume(radius: float) -> float:
    return 4 / 3 * np.pi * radius**3


def test_a_hollow_that_no_view_can_have_shown_is_filled():
    mesh = surface_of(np.maximum(ball(0.4), -ball(0.2)), GRID)
    assert mesh.signed_volume() == pytest.approx(volume(0.4), rel=0.01)


def test_two_objects_are_kept_and_specks_are_not():
    field = np.minimum(ball(0.2, (-0.25, 0, 0)), ball(0.15, (0.25, 0, 0)))
    mesh = surface_of(np.minimum(field, ball(0.015, (0.25, 0.3, 0.3))), GRID)
    assert mesh.signed_volume() == pytest.approx(volume(0.2) + volume(0.15), rel=0.02)
    assert mesh.vertices[:, 1].max() == pytest.approx(0.2, abs=0.01)


def test_faces_point_outward():
    assert surface_of(ball(0.3), GRID).signed_volume() == pytest.approx(volume(0.3), rel=0.01)
