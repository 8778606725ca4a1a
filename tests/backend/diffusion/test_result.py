# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages after the model get, from output made by hand."""

import math

import numpy as np
import pytest

from era3d.diffusion.result import GeneratedViews, views_of
from era3d.diffusion.schedules import Sampling


def generated(*poses):
    """Return a disc whose upper half is red and whose normals face the viewer."""
    rows, columns = np.mgrid[:32, :32]
    disc = ((rows - 15.5) ** 2 + (columns - 15.5) ** 2 < 144)[..., None]
    red_over_blue = np.where(rows[..., None] < 16, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    color = np.where(disc, red_over_blue, 1.0).astype(np.float32)
    normal = np.where(disc, [0.5, 0.5, 1.0], 1.0).astype(np.float32)
    elevations, focals = zip(*poses, strict=True) if poses else ((), ())
    six = (6, 1, 1, 1)
    return GeneratedViews(np.tile(color, six), np.tile(normal, six), elevations, focals, Sampling())


@pytest.mark.parametrize("size", [32, 128])
def test_views_are_enlarged_and_cut_out(size):
    views, middle = views_of(generated(), size), size // 2
    assert views.size == size
    assert views.normal[2, middle, middle].tolist() == [128, 128, 255, 255]
    assert views.normal[2, 2, 2, 3] == 0
    assert views.color[5, size // 4, middle, :3].tolist() == [255, 0, 0], "red on top"
    assert np.array_equal(views.color[..., 3], views.normal[..., 3])
    share = (views.normal[0, ..., 3] > 127).mean()
    assert share == pytest.approx(math.pi * 144 / 32**2, rel=0.03)
