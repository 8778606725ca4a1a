# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal stereo, second half: depths that agree with the slopes that the normals tell."""

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.rowmatch import RowImages

_OFF_SLOPE = 0.08
_JUMP = 1.0
_JUMP_AT_EDGE = 0.25
_EDGE = 0.5
_STEEPEST = 0.15


def aggregate(costs: Tensor, images: RowImages) -> Tensor:
    """Sum of the costs (V, R, R, D) of the best paths to each pixel from four sides.

    From one pixel to the next the depth should change as the normals say. That is free; to be
    one bin off costs `_OFF_SLOPE` and any jump `_JUMP`, or less where the normals change abruptly.
    """
    steep = images.along(2).clamp(min=_STEEPEST)
    total = torch.zeros_like(costs)
    for axis, slope in ((2, images.along(0) / steep), (1, -images.along(1) / steep)):
        for reverse in (False, True):
            _sweep(costs, slope, images, axis, reverse, total)
    return total


def _sweep(
    costs: Tensor, slope: Tensor, images: RowImages, axis: int, reverse: bool, total: Tensor
) -> None:
    """Add the path costs of one direction to `total`; `slope` (V, R, R) in bins per pixel."""
    order = range(images.size - 1, -1, -1) if reverse else range(images.size)
    before: Tensor | None = None
    last = 0
    # Steps are whole bins; what rounding leaves is carried on, so that it never adds up.
    carried = torch.zeros_like(slope.select(axis, 0))
    for now in order:
        cost = costs.select(axis, now)
        path = cost
        if before is not None:
            shift = (slope.select(axis, now) + slope.select(axis, last)) / 2.0
            normal, previous = images.normal.select(axis, now), images.normal.select(axis, last)
            edge = (normal - previous).norm(dim=-1) > _EDGE
            jump = torch.where(edge, _JUMP_AT_EDGE, _JUMP)[..., None]
            joined = images.mask.select(axis, now) & images.mask.select(axis, last)
            carried = carried + (-shift if reverse else shift)
            whole = carried.round()
            carried = carried - whole
            reached = _step(before, whole.long(), jump)
            path = torch.where(joined[..., None], cost + reached, cost)
        total.select(axis, now).add_(path)
        before, last = path, now


def _step(path: Tensor, shift: Tensor, jump: Tensor) -> Tensor:
    """Cheapest way (V, R, D) to each bin from the pixel before, less the cheapest of all.

    `shift` (V, R) is the number of bins by which the depth should grow.
    """
    bins = path.shape[-1]
    path = path - path.amin(-1, keepdim=True)
    source = torch.arange(bins, device=path.device) - shift[..., None]
    straight = path.gather(-1, source.clamp(0, bins - 1))
    sides = functional.pad(straight, (1, 1), value=torch.inf)
    bent = torch.minimum(sides[..., :-2], sides[..., 2:]) + _OFF_SLOPE
    return torch.minimum(torch.minimum(straight, bent), jump)
