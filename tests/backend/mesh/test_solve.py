# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
import torch

from era3d.mesh.evidence import Evidence
from era3d.mesh.grid import Band, Grid
from era3d.mesh.pins import Pins
from era3d.mesh.solve import solve
from tests.backend.mesh.plain import minimise


@pytest.fixture
def band():
    """A shell of lattice points around a sphere of radius 3.2 voxels."""
    grid = Grid(torch.tensor([-0.6, -0.6, -0.6]), 0.1, (13, 13, 13))
    distance = grid.positions(grid.cells(grid.every())).norm(dim=1) / grid.pitch - 3.2
    return Band(grid, grid.every()[distance.abs() < 1.8])


def random_task(band):
    draw = torch.Generator().manual_seed(3)
    phi = band.positions.norm(dim=1) / band.grid.pitch - 3.2
    slope = band.positions + 0.03 * torch.randn(len(band), 3, generator=draw)
    evidence = Evidence(
        torch.nn.functional.normalize(slope, dim=1),
        torch.rand(len(band), generator=draw) + 0.05,
        torch.ones(len(band), dtype=torch.bool),
    )
    hull = phi + 0.3 * torch.randn(len(band), generator=draw)
    keep = 0.002 + 0.1 * torch.rand(len(band), generator=draw)
    index = torch.randint(len(band), (40,), generator=draw)
    pins = Pins(index, torch.randn(40, generator=draw), torch.full((40,), 2.0))
    return phi, evidence, hull, keep, pins


def test_same_as_the_plain_solver(band):
    phi, evidence, hull, keep, pins = random_task(band)
    fast = solve(band, phi, evidence, hull, keep, pins, 40)
    plain = minimise(band.cells.numpy(), phi.numpy(), evidence, hull.numpy(), keep.numpy(), pins)
    assert np.abs(plain - phi.numpy()).max() > 0.3
    np.testing.assert_allclose(fast.numpy(), plain, atol=0.02)


def test_a_field_that_fits_stays(band):
    """A plane, whose slope is the same everywhere, is what the slopes ask for."""
    phi = band.positions[:, 2] / band.grid.pitch
    slope = torch.tensor([0.0, 0.0, 1.0]).expand(len(band), 3)
    nothing = Pins(torch.zeros(0, dtype=torch.long), torch.zeros(0), torch.zeros(0))
    stays = solve(
        band,
        phi,
        Evidence(slope, torch.ones(len(band)), torch.ones(len(band)) > 0),
        phi - 1.0,
        torch.full_like(phi, 0.002),
        nothing,
        40,
    )
    np.testing.assert_allclose(stays.numpy(), phi.numpy(), atol=1e-3)


def test_a_demand_is_felt_no_farther_than_it_should(band):
    """Every point is at rest but for one pin."""
    phi = band.positions[:, 2] / band.grid.pitch
    slope = torch.tensor([0.0, 0.0, 1.0]).expand(len(band), 3)
    pulled = len(band) // 2
    pin = Pins(torch.tensor([pulled]), phi[pulled : pulled + 1] + 1.0, torch.ones(1))
    weights = torch.ones(len(band)), torch.full_like(phi, 0.002)
    moved = solve(
        band, phi, Evidence(slope, weights[0], weights[0] > 0), phi - 1.0, weights[1], pin, 3
    )
    steps = (band.cells - band.cells[pulled]).abs().sum(1)
    change = (moved - phi).abs()
    assert (change[steps > 3] < 1e-4).all()
    assert (change[steps <= 1] > 1e-2).all()
