# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
import torch

from era3d.mesh.observations import observe
from era3d.mesh.rowmatch import FORBIDDEN, Known, match_costs, shrink
from tests.backend.mesh.plain import nearest_costs
from tests.backend.mesh.solids import dented_sphere, views_of


@pytest.fixture(scope="module")
def images():
    return shrink(observe(views_of(dented_sphere, 128)), 0.36)


@pytest.fixture(scope="module")
def costs(images):
    """Of each view (H, C, D)."""
    return [match_costs(images, view) for view in range(6)]


@pytest.fixture(scope="module")
def known(images):
    """Depths of a flat plate that hides some points and is seen past at others."""
    column = torch.arange(images.size) / images.size
    return Known((0.3 - 0.6 * column).expand(images.mask.shape), 0.8 * images.mask)


@pytest.fixture(scope="module")
def costs_with_known(images, known):
    """Of each view (H, C, D)."""
    return [match_costs(images, view, known) for view in range(6)]


PIXELS = [(0, 64, 64), (0, 50, 80), (1, 90, 40), (3, 70, 61), (4, 40, 50)]


@pytest.mark.parametrize("pixel", PIXELS)
def test_costs_as_the_plain_twin(images, costs, pixel):
    assert_same(nearest_costs(images, *pixel), at_pixel(images, costs, *pixel))


@pytest.mark.parametrize("pixel", PIXELS)
def test_costs_with_known_depths_as_the_plain_twin(images, costs_with_known, known, pixel):
    plain = nearest_costs(images, *pixel, known)
    assert_same(plain, at_pixel(images, costs_with_known, *pixel))
    assert np.abs(plain - nearest_costs(images, *pixel)).max() > 0.1


def at_pixel(images, costs, view, row, column):
    rows, columns = images.window(view)
    return costs[view][row - rows.start, column - columns.start].numpy()


def assert_same(plain, fast):
    # Columns are looked up at thirds of a pixel: normals differ by a sixth of what neighbouring
    # pixels do, and the hull's end may be one bin off.
    same_side = (plain > FORBIDDEN / 2) == (fast > FORBIDDEN / 2)
    assert (~same_side).sum() <= 2
    assert np.abs(plain - fast)[same_side].max() < 0.05
    assert np.abs(plain - fast)[same_side].mean() < 0.003


def test_nothing_where_nothing_is_shown(images, costs):
    for view, cost in enumerate(costs):
        mask = images.mask[view][images.window(view)]
        assert mask.sum() == images.mask[view].sum()
        assert (cost[~mask] == 0).all()
        assert (cost[mask] != 0).any(-1).all()
