# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from era3d.mesh.observations import observe
from era3d.mesh.rowmatch import FORBIDDEN, match_costs, shrink
from tests.backend.mesh.plain import nearest_costs
from tests.backend.mesh.solids import dented_sphere, views_of


@pytest.fixture(scope="module")
def images():
    return shrink(observe(views_of(dented_sphere, 128)), 0.36)


@pytest.fixture(scope="module")
def costs(images):
    """Of each view (H, C, D)."""
    return [match_costs(images, view) for view in range(6)]


@pytest.mark.parametrize("pixel", [(0, 64, 64), (0, 50, 80), (1, 90, 40), (3, 70, 61), (4, 40, 50)])
def test_costs_as_the_plain_twin(images, costs, pixel):
    view, row, column = pixel
    rows, columns = images.window(view)
    plain = nearest_costs(images, *pixel)
    fast = costs[view][row - rows.start, column - columns.start].numpy()
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
