# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
import torch

from era3d.mesh.distance import BAND_RINGS, gradient, redistance
from era3d.mesh.grid import Band, Grid

PITCH = 0.05
GRID = Grid(torch.full((3,), -1.0), PITCH, (41, 41, 41))


def ball(points):
    return (points.norm(dim=1) - 0.6) / PITCH


def plane(points):
    return (points @ torch.tensor([0.48, 0.6, 0.64]) - 0.1) / PITCH


def around(distance):
    every = distance(GRID.positions(GRID.cells(GRID.every())))
    inner = GRID.positions(GRID.cells(GRID.every())).abs().amax(1) < 0.97
    return Band(GRID, GRID.every()[(every.abs() < 3.0) & inner])


@pytest.mark.parametrize("distance", [ball, plane])
@pytest.mark.parametrize("stretch", [0.6, 1.0, 1.7])
def test_a_stretched_field_becomes_the_distance(distance, stretch):
    old = around(distance)
    band, phi = redistance(old, stretch * distance(old.positions))
    # The plane ends at the lattice's border, where nothing is known beyond its edge.
    inner = band.positions.abs().amax(1) < 0.7
    truth = distance(band.positions)
    assert (phi.sign() == truth.sign())[inner].all()
    assert (phi - truth)[inner].abs().mean() < 0.08
    near = inner & (truth.abs() < 1)
    assert (phi - truth)[near].abs().max() < 0.12
    assert (gradient(band, phi).norm(dim=1)[near] - 1).abs().mean() < 0.05


def test_the_band_follows_the_surface():
    old = around(ball)
    band, phi = redistance(old, ball(old.positions) + 1.4)
    assert (phi - ball(band.positions) - 1.4).abs().mean() < 0.15
    assert phi.abs().max() > BAND_RINGS - 1
    assert (band.neighbour < len(band)).any()
