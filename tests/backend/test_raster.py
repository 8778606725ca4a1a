# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rasteriser, against the plain way: every triangle at every pixel."""

import numpy as np
import pytest
import torch

from era3d import raster


def plain(triangles: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Nearest face and its depth at each pixel, one pixel and one triangle at a time."""
    face = np.full((height, width), -1)
    nearest = np.full((height, width), np.inf)
    for row in range(height):
        for column in range(width):
            for index, corners in enumerate(triangles):
                matrix = np.vstack([corners[:, :2].T, np.ones(3)])
                if abs(np.linalg.det(matrix)) < 1e-9:
                    continue
                weights = np.linalg.solve(matrix, [column + 0.5, row + 0.5, 1.0])
                depth = weights @ corners[:, 2]
                if (weights >= -1e-9).all() and depth < nearest[row, column]:
                    face[row, column], nearest[row, column] = index, depth
    return face, nearest


def random_triangles(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-4, 24, (count, 1, 3))
    return centre + rng.normal(0, 5, (count, 3, 3))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("at_once", [1, 50, 1 << 21])
def test_agrees_with_the_plain_way(seed, at_once, monkeypatch):
    monkeypatch.setattr(raster, "_PIXELS_AT_ONCE", at_once)
    triangles = random_triangles(seed, 12)
    face, depth = plain(triangles, 17, 21)
    found = raster.rasterize(torch.from_numpy(triangles), 17, 21)
    np.testing.assert_array_equal(found.face.numpy(), face)
    seen = face >= 0
    corners = torch.from_numpy(triangles[..., 2:]).float()
    np.testing.assert_allclose(
        found.interpolate(corners)[..., 0].numpy()[seen], depth[seen], atol=1e-3
    )


def test_both_sides_are_drawn_and_degenerate_triangles_are_not():
    front = [[1.0, 1.0, 0.0], [7.0, 1.0, 0.0], [1.0, 7.0, 0.0]]
    line = [[0.0, 0.0, -1.0], [4.0, 4.0, -1.0], [8.0, 8.0, -1.0]]
    one = raster.rasterize(torch.tensor([front, line]), 8, 8).face
    other = raster.rasterize(torch.tensor([front[::-1], line]), 8, 8).face
    assert (one == 0).any()
    assert torch.equal(one, other)


def test_neighbours_leave_no_gap():
    square = torch.tensor(
        [[[0.0, 0, 1], [16, 0, 1], [16, 16, 1]], [[0, 0, 1], [16, 16, 1], [0, 16, 1]]]
    )
    assert (raster.rasterize(square, 16, 16).face >= 0).all()


def test_nothing_to_draw_gives_an_empty_image():
    outside = torch.tensor([[[30.0, 30, 0], [40, 30, 0], [30, 40, 0]]])
    found = raster.rasterize(outside, 8, 8)
    assert (found.face == -1).all()
    assert (found.barycentric == 0).all()
