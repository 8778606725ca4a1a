# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A z-buffer for triangles in torch: which face is seen in each pixel, on CPU or GPU."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

_PIXELS_AT_ONCE = 1 << 20
_EDGE_TOLERANCE_PX = 1e-4
_EMPTY = torch.iinfo(torch.int64).max


@dataclass(frozen=True)
class Fragments:
    """What a z-buffer holds after all triangles are drawn.

    Attributes
    ----------
    face : (height, width) int64
        Index of the nearest face at each pixel's centre, -1 where there is none.
    barycentric : (height, width, 3) float32
        Weights of that face's corners, linear in the image; 0 where there is no face.
    """

    face: Tensor
    barycentric: Tensor

    def interpolate(self, corners: Tensor) -> Tensor:
        """Blend values of face corners (F, 3, C) to pixels (height, width, C); 0 outside."""
        values = corners[self.face.clamp(min=0)]
        return (values * self.barycentric[..., None]).sum(-2)


@dataclass(frozen=True)
class _Spans:
    """Rows of faces: each is a run of pixels in one image row whose centres lie in one face.

    Attributes
    ----------
    face, row, column, count : (R,) int64
        The face, the image row, the run's first column and its length.
    depth, slope : (R,) float
        Depth at the first pixel's centre, in 0..1, and its change per column.
    low, high : (R,) float
        Bounds of the face's depth: the slope of a face seen edge-on is not to be trusted.
    """

    face: Tensor
    row: Tensor
    column: Tensor
    count: Tensor
    depth: Tensor
    slope: Tensor
    low: Tensor
    high: Tensor


def rasterize(triangles: Tensor, height: int, width: int) -> Fragments:
    """Draw triangles, both sides, the nearest on top.

    Parameters
    ----------
    triangles : (F, 3, 3) float
        Corners as column, row (pixels; centres at +0.5) and depth (any unit; smaller is nearer).
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    Fragments
    """
    device = triangles.device
    buffer = torch.full((height * width,), _EMPTY, dtype=torch.int64, device=device)
    if len(triangles):
        spans = _spans(triangles, height, width)
        for first, last in _chunks(spans.count):
            _draw(spans, first, last, width, buffer)
    covered = (buffer != _EMPTY).nonzero()[:, 0]
    face = torch.full((height * width,), -1, dtype=torch.int64, device=device)
    face[covered] = buffer[covered] & 0xFFFFFFFF
    barycentric = torch.zeros(height * width, 3, device=device)
    for pixel in covered.split(_PIXELS_AT_ONCE):
        barycentric[pixel] = _barycentric(triangles, face[pixel], pixel, width)
    return Fragments(face.view(height, width), barycentric.view(height, width, 3))


def _spans(triangles: Tensor, height: int, width: int) -> _Spans:
    """Cut all faces into rows of pixels."""
    start, step = triangles, triangles.roll(-1, 1) - triangles
    area = _cross(step[:, 0], triangles[:, 2] - triangles[:, 0])
    top = (start[..., 1].amin(1) - 0.5).ceil().clamp(min=0).long()
    bottom = (start[..., 1].amax(1) - 0.5).floor().clamp(max=height - 1).long()
    rows = torch.where(area == 0, 0, (bottom - top + 1).clamp(min=0))
    face, offset = _count_up(rows)
    row = top[face] + offset
    # Each edge bounds the row on the left or on the right; a level edge is what bounds the rows.
    side = area.sign()[:, None] * step[..., 1].sign()
    per_row = step[..., 0] / torch.where(step[..., 1] == 0, 1, step[..., 1])
    down = (row + 0.5)[:, None] - start[face, :, 1]
    crossing = start[face, :, 0] + down * per_row[face]
    side = side[face]
    left = torch.where(side < 0, crossing, -torch.inf).amax(1)
    right = torch.where(side > 0, crossing, torch.inf).amin(1)
    column = (left - 0.5 - _EDGE_TOLERANCE_PX).ceil().clamp(0, width).long()
    end = (right - 0.5 + _EDGE_TOLERANCE_PX).floor().clamp(-1, width - 1).long()
    count = (end - column + 1).clamp(min=0)
    unit, slope = _depth_planes(triangles, step, area)
    across = column + 0.5 - start[face, 0, 0]
    depth = unit[face, 0] + across * slope[face, 0] + down[:, 0] * slope[face, 1]
    low, high = unit.amin(1)[face], unit.amax(1)[face]
    return _Spans(face, row, column, count, depth, slope[face, 0], low, high)


def _depth_planes(triangles: Tensor, step: Tensor, area: Tensor) -> tuple[Tensor, Tensor]:
    """Corners' depths (F, 3) scaled to 0..1, and their change (F, 2) per column and per row."""
    near, far = triangles[..., 2].min(), triangles[..., 2].max()
    unit = (triangles[..., 2] - near) / (far - near).clamp(min=1e-20)
    to_b, to_c = step[:, 0], -step[:, 2]
    rise_b, rise_c = unit[:, 1] - unit[:, 0], unit[:, 2] - unit[:, 0]
    per_column = rise_b * to_c[:, 1] - rise_c * to_b[:, 1]
    per_row = rise_c * to_b[:, 0] - rise_b * to_c[:, 0]
    slope = torch.stack([per_column, per_row], 1) / torch.where(area == 0, 1, area)[:, None]
    return unit, slope


def _draw(spans: _Spans, first: int, last: int, width: int, buffer: Tensor) -> None:
    """Enter the pixels of spans first..last into the buffer of depth and face."""
    span, offset = _count_up(spans.count[first:last])
    span += first
    depth = spans.depth[span] + offset * spans.slope[span]
    depth = depth.clamp(spans.low[span], spans.high[span]).float()
    # Non-negative floats sort like their bits: depth and face fit one integer, and the nearest
    # face (the lowest index where depths tie) is a minimum that needs no second pass.
    key = (depth.view(torch.int32).to(torch.int64) << 32) | spans.face[span]
    pixel = (spans.row * width + spans.column)[span] + offset
    buffer.scatter_reduce_(0, pixel, key, "amin")


def _chunks(count: Tensor) -> Iterator[tuple[int, int]]:
    """Ranges of spans whose pixels together stay near a bound on memory."""
    if not len(count):
        return iter(())
    group = (count.cumsum(0) - count) // _PIXELS_AT_ONCE
    starts = (group.diff(prepend=group[:1] - 1) != 0).nonzero()[:, 0].tolist()
    return zip(starts, [*starts[1:], len(count)], strict=True)


def _count_up(count: Tensor) -> tuple[Tensor, Tensor]:
    """For counts (2, 3): owners (0, 0, 1, 1, 1) and positions within (0, 1, 0, 1, 2)."""
    owner = torch.arange(len(count), device=count.device).repeat_interleave(count)
    before = count.cumsum(0) - count
    return owner, torch.arange(len(owner), device=count.device) - before[owner]


def _barycentric(triangles: Tensor, face: Tensor, pixel: Tensor, width: int) -> Tensor:
    """Weights (N, 3) of the centres of pixels in the faces that they show."""
    corners = triangles[face, :, :2]
    centre = torch.stack([pixel % width, pixel // width], 1) + 0.5
    a, b, c = (corners - centre[:, None]).unbind(1)
    weights = torch.stack([_cross(b, c), _cross(c, a), _cross(a, b)], 1)
    # A centre on the edge of a sliver may lie outside by many times the sliver's width.
    weights = (weights * weights.sum(1, keepdim=True).sign()).clamp(min=0) + 1e-20
    return (weights / weights.sum(1, keepdim=True)).float()


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
