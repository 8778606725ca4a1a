# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A z-buffer for triangles in torch: which face is seen in each pixel, on CPU or GPU."""

from dataclasses import dataclass

import torch
from torch import Tensor

_CANDIDATES_AT_ONCE = 1 << 21
_EDGE_TOLERANCE = 1e-5


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
    low, span = _pixel_boxes(triangles, height, width)
    count = span.prod(1)
    near, far = triangles[..., 2].min(), triangles[..., 2].max()
    # Non-negative floats sort like their bits: depth and face fit one integer, and the nearest
    # face (the lowest index where depths tie) is a minimum that needs no second pass.
    depth_unit = (triangles[..., 2] - near) / (far - near).clamp(min=1e-20)
    empty = torch.iinfo(torch.int64).max
    buffer = torch.full((height * width,), empty, dtype=torch.int64, device=device)
    for first, last in _chunks(count):
        face, x, y = _candidates(first, last, low, span, count)
        weights, inside = _barycentric(triangles[face], x + 0.5, y + 0.5)
        face, x, y, weights = face[inside], x[inside], y[inside], weights[inside]
        depth = (weights * depth_unit[face]).sum(1).clamp(min=0).float()
        key = (depth.view(torch.int32).to(torch.int64) << 32) | face
        buffer.scatter_reduce_(0, y * width + x, key, "amin")
    covered = buffer != empty
    face = torch.where(covered, buffer & 0xFFFFFFFF, -1)
    barycentric = torch.zeros(height * width, 3, device=device)
    pixel = covered.nonzero()[:, 0]
    x, y = pixel % width + 0.5, pixel // width + 0.5
    barycentric[pixel] = _barycentric(triangles[face[pixel]], x, y)[0].float()
    return Fragments(face.view(height, width), barycentric.view(height, width, 3))


def _pixel_boxes(triangles: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """First pixel (F, 2) and extent (F, 2) of the pixel centres within each triangle's box."""
    limit = torch.tensor([width, height], device=triangles.device)
    low = (triangles[..., :2].amin(1) - 0.5).ceil().long().clamp(min=0)
    high = torch.minimum((triangles[..., :2].amax(1) - 0.5).floor().long(), limit - 1)
    return low, (high - low + 1).clamp(min=0)


def _chunks(count: Tensor) -> list[tuple[int, int]]:
    """Ranges of faces whose candidate pixels together stay below a bound on memory."""
    if not len(count):
        return []
    group = (count.cumsum(0) - count) // _CANDIDATES_AT_ONCE
    starts = (group.diff(prepend=group[:1] - 1) != 0).nonzero()[:, 0].tolist()
    return list(zip(starts, [*starts[1:], len(count)], strict=True))


def _candidates(
    first: int, last: int, low: Tensor, span: Tensor, count: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Face, column and row of every pixel in the boxes of faces first..last."""
    count = count[first:last]
    face = torch.arange(first, last, device=count.device).repeat_interleave(count)
    start = (count.cumsum(0) - count).repeat_interleave(count)
    offset = torch.arange(len(face), device=count.device) - start
    columns = span[face, 0]
    return face, low[face, 0] + offset % columns, low[face, 1] + offset // columns


def _barycentric(corners: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (N, 3) of points in triangles (N, 3, 3), and whether they lie inside."""
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    point = torch.stack([x, y], 1)
    area = _cross(b - a, c - a)
    weights = torch.stack(
        [_cross(b - point, c - point), _cross(c - point, a - point), _cross(a - point, b - point)],
        1,
    ) / torch.where(area == 0, 1, area).unsqueeze(1)
    return weights, (weights >= -_EDGE_TOLERANCE).all(1) & (area != 0)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
