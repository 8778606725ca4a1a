# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay out charts in a square by their true shapes, also in each other's holes."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

# Cells to pack on: finer is slower and hardly tighter.
_SMALLEST_GRID, _LARGEST_GRID = 128, 512
_MARGIN = 0.75
_FIRST_FILL = 0.8
_ATTEMPTS = 12
# The pile is stretched to the square where this little does it.
_STRETCH = 0.03
# So many of the largest charts are placed one by one; the rest go into blocks first.
_SINGLES = 160
_PER_BLOCK = 64
_ROWS_AT_ONCE = 128
# Quarter turns that are tried: upside down hardly any chart fits better.
_TURNS = (0, 1)


def pack(
    outlines: NDArray[np.floating], chart: NDArray[np.integer], size: int
) -> NDArray[np.float64]:
    """Scale, turn and place charts so that they fill a square and keep apart.

    Between charts lies at least half a cell, and about two on average, of a grid of at most 512
    cells a side: one texel of a texture of 1024, and about four on average.

    Parameters
    ----------
    outlines : (m, 3, 2) float
        Triangles, each in the plane of its chart, in units that all charts share.
    chart : (m,) int
        Chart of each triangle, 0..c-1, none empty.
    size : int
        Side of the square in texels.

    Returns
    -------
    (m, 3, 2) float
        The triangles in 0..1, no chart mirrored.
    """
    grid = min(max(size // 2, _SMALLEST_GRID), _LARGEST_GRID)
    upright = _upright(outlines.astype(np.float64), chart)
    parts, part = _bundle(upright, chart)
    # The widest chart must fit; this also bounds the scale of charts without area.
    largest = (grid - 3) / max(float(parts.max()), 1e-12)
    scale = min(grid * np.sqrt(_FIRST_FILL / max(float(area_of(parts).sum()), 1e-12)), largest)
    for attempt in range(_ATTEMPTS):
        placed, height = _pile(parts * scale, part, grid)
        tight = height >= grid * (1 - _STRETCH) or scale == largest
        if height <= grid * (1 + _STRETCH) and (tight or attempt >= _ATTEMPTS // 2):
            break
        scale = min(scale * np.clip(np.sqrt(grid / height), 0.5, 2.0), largest)
    return placed / [grid, max(height, grid * (1 - _STRETCH))]


def area_of(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas (m,) of triangles (m, 3, 2) in a plane."""
    edges = triangles[:, 1:] - triangles[:, :1]
    return np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2


def groups_of(label: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Where each label 0..c-1 stands."""
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(int(label.max()) + 2))
    return [order[first:last] for first, last in pairwise(bounds)]


def _upright(outlines: NDArray[np.float64], chart: NDArray[np.integer]) -> NDArray[np.float64]:
    """Charts turned to fill their bounding boxes best, each with its lower corner at 0, 0."""
    turned = np.empty_like(outlines)
    for faces in groups_of(chart):
        points = outlines[faces].reshape(-1, 2)
        _, _, degrees = cv2.minAreaRect((points - points[0]).astype(np.float32))
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        points = points @ np.array([[cos, -sin], [sin, cos]])
        turned[faces] = (points - points.min(0)).reshape(-1, 3, 2)
    return turned


def shelves(extents: NDArray[np.float64], width: float, gap: float) -> NDArray[np.float64]:
    """Lower corners (n, 2) of boxes (n, 2) that stand in rows, tallest first.

    Parameters
    ----------
    extents : (n, 2) float
    width : float
        Rows end before it unless a single box is wider.
    gap : float
        Between boxes and between rows.
    """
    corner = np.zeros((len(extents), 2))
    across, down, row = 0.0, 0.0, 0.0
    for box in np.argsort(-extents[:, 1], kind="stable"):
        if across > 0 and across + extents[box, 0] > width:
            across, down = 0.0, down + row + gap
        if across == 0:
            row = extents[box, 1]
        corner[box] = across, down
        across += extents[box, 0] + gap
    return corner


def _bundle(
    upright: NDArray[np.float64], chart: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Charts beyond the `_SINGLES` largest, side by side in blocks that count as one chart."""
    high = np.zeros((int(chart.max()) + 1, 2))
    np.maximum.at(high, chart, upright.max(1))
    order = np.argsort(-high.max(1), kind="stable")
    part = np.empty(len(order), np.int64)
    part[order] = np.arange(len(order))
    if len(order) <= _SINGLES:
        return upright, part[chart]
    shift = np.zeros((len(order), 2))
    rest = order[_SINGLES:]
    per_block = max(_PER_BLOCK, -(-len(rest) // _SINGLES))
    gap = np.sqrt(float(area_of(upright).sum())) / 200
    for number, first in enumerate(range(0, len(rest), per_block)):
        block = rest[first : first + per_block]
        boxes = high[block]
        width = np.sqrt((boxes + gap).prod(1).sum())
        shift[block], part[block] = shelves(boxes, width, gap), _SINGLES + number
    return upright + shift[chart][:, None], part[chart]


def _pile(
    local: NDArray[np.float64], chart: NDArray[np.int64], grid: int
) -> tuple[NDArray[np.float64], float]:
    """Charts (m, 3, 2) in cells placed one by one, largest first, and the height of the pile."""
    taken = np.zeros((4 * grid, grid), np.float32)
    placed = np.empty_like(local)
    height = 0
    groups = groups_of(chart)
    shapes = [_cells(local[faces]) for faces in groups]
    for number in np.argsort([-shape.sum() for shape in shapes], kind="stable"):
        faces, shape = groups[number], shapes[number]
        turns = [np.ascontiguousarray(np.rot90(shape, k)) for k in _TURNS]
        spots = [_lowest(taken, turn, height) for turn in turns]
        turn = int(np.argmin([spot[0] for spot in spots]))
        top, row, column = spots[turn]
        if not np.isfinite(top):
            return placed, float(len(taken))
        rows, columns = turns[turn].shape
        taken[row : row + rows, column : column + columns] += turns[turn]
        height = max(height, row + rows)
        placed[faces] = _turned(local[faces], shape.shape, turn) + np.array([column, row])
    return placed, float(height)


def _cells(triangles: NDArray[np.float64]) -> NDArray[np.float32]:
    """Which cells (rows, columns) a chart or its margin of half a cell touches.

    The chart's corner lies at `_MARGIN`, `_MARGIN`.
    """
    columns, rows = np.ceil(triangles.reshape(-1, 2).max(0) + 2 * _MARGIN).astype(int)
    halves = np.zeros((2 * rows, 2 * columns), np.uint8)
    fixed = np.round((2 * (triangles + _MARGIN) - 0.5) * 256).astype(np.int32)
    for triangle in fixed:
        cv2.fillConvexPoly(halves, triangle, 1, lineType=cv2.LINE_8, shift=8)
    halves = cv2.dilate(halves, np.ones((3, 3), np.uint8))
    return halves.reshape(rows, 2, columns, 2).max((1, 3)).astype(np.float32)


def _lowest(
    taken: NDArray[np.float32], shape: NDArray[np.float32], height: int
) -> tuple[float, int, int]:
    """Lowest free place of a shape: the row where it would end, its first row and column.

    It is looked for from below, some rows at a time; above `height` all is free.
    """
    rows, columns = shape.shape
    if columns <= taken.shape[1] and height + rows <= len(taken):
        step = max(_ROWS_AT_ONCE, rows)
        for first in range(0, height + 1, step):
            last = min(first + step, height + 1) + rows - 1
            free = cv2.matchTemplate(taken[first:last], shape, cv2.TM_CCORR) < 0.5
            place = int(np.argmax(free))
            if free.flat[place]:
                row, column = divmod(place, free.shape[1])
                return float(first + row + rows), first + row, column
    return np.inf, 0, 0


def _turned(
    triangles: NDArray[np.float64], shape: Sequence[int], quarters: int
) -> NDArray[np.float64]:
    """Triangles in the frame of their cells after `np.rot90` has turned those, or not."""
    _, columns = shape
    x, y = np.moveaxis(triangles + _MARGIN, -1, 0)
    return np.stack([(x, y), (y, columns - x)][quarters], -1)
