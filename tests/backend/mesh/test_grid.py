# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
import torch

from era3d.mesh.grid import Band, Grid, dilate
from tests.backend.mesh.plain import STEPS, surroundings

GRID = Grid(torch.tensor([-1.0, 0.0, 2.0]), 0.25, (6, 7, 8))
CHOSEN = [(2, 3, 4), (2, 3, 5), (4, 5, 1)]


@pytest.fixture
def band():
    return Band(GRID, dilate(GRID, GRID.keys(torch.tensor(CHOSEN)), 2))


def test_dilate_as_the_plain_twin(band):
    assert [tuple(cell) for cell in band.cells.tolist()] == surroundings(GRID.shape, CHOSEN, 2)


def test_neighbours_and_lookup_as_a_dictionary(band):
    index = {tuple(cell): k for k, cell in enumerate(band.cells.tolist())}
    for cell, k in index.items():
        wanted = [index.get(tuple(np.add(cell, step)), len(band)) for step in STEPS]
        assert band.neighbour[:, k].tolist() == wanted
    asked = torch.tensor([CHOSEN[0], (-1, 0, 0), (0, 0, 0), (5, 6, 7), (9, 9, 9)])
    assert band.lookup(asked).tolist() == [index.get(tuple(c), len(band)) for c in asked.tolist()]


def test_interpolation_of_a_linear_field_is_exact(band):
    def field(points):
        return points @ torch.tensor([0.3, -0.7, 1.1]) + 0.2

    points = GRID.positions(torch.tensor([[2.4, 3.3, 4.6], [0.1, 0.1, 0.1]]))
    value, known = band.interpolate(field(band.positions), points)
    assert known.tolist() == [True, False]
    assert value[0] == pytest.approx(float(field(points)[0]), abs=1e-5)


def test_around_tells_what_is_missing(band):
    values = torch.arange(len(band), dtype=torch.float32)
    around = band.around(values, -7.0)
    missing = band.neighbour == len(band)
    assert missing.any()
    assert (around[missing] == -7.0).all()
    assert (around[~missing] == band.neighbour[~missing]).all()
