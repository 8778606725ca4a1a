# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay out charts in a square, each let down on those before like a falling block."""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_FIRST_FILL = 0.85
_ATTEMPTS = 12


def pack(
    outlines: NDArray[np.floating], chart: NDArray[np.integer], size: int, padding: int
) -> NDArray[np.float64]:
    """Scale and place charts so that they fill a square and keep apart.

    Parameters
    ----------
    outlines : (m, 3, 2) float
        Triangles, each in the plane of its chart, in units that all charts share; y points down.
    chart : (m,) int
        Chart of each triangle, 0..c-1.
    size : int
        Side of the square in texels.
    padding : int
        Texels between charts, and half as many along the border.

    Returns
    -------
    (m, 3, 2) float
        The triangles in texels.
    """
    count = int(chart.max()) + 1
    low = np.full((count, 2), np.inf)
    np.minimum.at(low, chart, outlines.min(1))
    local = outlines - low[chart][:, None]
    edges = local[:, 1:] - local[:, :1]
    area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]).sum() / 2
    scale = size * np.sqrt(_FIRST_FILL / max(area, 1e-12))
    best = 0.0
    for _ in range(_ATTEMPTS):
        origin, height = _drop(local * scale, chart, count, size, padding)
        if height <= size:
            placed, best = local * scale + origin[chart][:, None], scale
            break
        scale *= min(np.sqrt(size / height), 0.98)
    if not best:
        raise ValueError(f"{count} charts do not fit into {size} texels")
    return placed


def _drop(
    local: NDArray[np.float64], chart: NDArray[np.integer], count: int, size: int, padding: int
) -> tuple[NDArray[np.float64], float]:
    """Origins (c, 2) of charts dropped one by one, tallest first, and the height of the pile."""
    order = np.argsort(chart, kind="stable")
    bounds = np.searchsorted(chart[order], np.arange(count + 1))
    profiles = [_profile(local[order[first:last]], padding) for first, last in pairwise(bounds)]
    tallest = np.argsort([-high.max() for _, high in profiles], kind="stable")
    ground = np.zeros(size)
    origin = np.zeros((count, 2))
    for index in tallest:
        low, high = profiles[index]
        if len(low) > size:
            return origin, size * (len(low) / size) ** 2
        rest = (sliding_window_view(ground, len(low)) - low).max(1)
        # Lowest top first; among equals the leftmost.
        column = int(np.argmin(rest))
        ground[column : column + len(low)] = rest[column] + high
        origin[index] = column + padding / 2, rest[column] + padding / 2
    return origin, float(ground.max())


def _profile(
    triangles: NDArray[np.float64], padding: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Top and bottom (w,) of a chart in each column of texels, with the padding around it."""
    first = np.floor(triangles[..., 0].min(1)).astype(int)
    last = np.floor(triangles[..., 0].max(1)).astype(int) + padding
    width = int(last.max()) + 1
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    top, bottom = triangles[..., 1].min(1), triangles[..., 1].max(1)
    span = last - first + 1
    owner = np.repeat(np.arange(len(triangles)), span)
    column = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(span) - span, span)
    np.minimum.at(low, column, top[owner])
    np.maximum.at(high, column, bottom[owner])
    return np.floor(low), np.ceil(high) + padding
