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


def aggregate(costs: Tensor, images: RowImages, view: int) -> Tensor:
    """Sum of the costs (H, C, D), as of `match_costs`, of the best paths to each pixel from four
    sides.

    From one pixel to the next the depth should change as the normals say. That is free; to be
    one bin off costs `_OFF_SLOPE` and any jump `_JUMP`, or less where the normals change abruptly.
    """
    normal, mask = (part[view][images.window(view)] for part in (images.normal, images.mask))
    right, up, back = (normal @ images.axes[view].T).unbind(-1)
    steep = back.clamp(min=_STEEPEST)
    total = torch.zeros_like(costs)
    _sweep_both_ways(costs, right / steep, normal, mask, total, axis=1)
    _sweep_both_ways(costs, -up / steep, normal, mask, total, axis=0)
    return total


def _sweep_both_ways(
    costs: Tensor, slope: Tensor, normal: Tensor, mask: Tensor, total: Tensor, axis: int
) -> None:
    """Add the path costs along an axis, forth and back, to `total`; `slope` in bins per pixel."""
    costs, slope, normal, mask, total = (
        part.movedim(axis, 0) for part in (costs, slope, normal, mask, total)
    )
    edge = (normal[1:] - normal[:-1]).square().sum(-1) > _EDGE**2
    jumps = torch.where(edge, _JUMP_AT_EDGE, _JUMP)[..., None]
    joins = (mask[1:] & mask[:-1])[..., None]
    steps = (slope[1:] + slope[:-1]) / 2.0
    for reverse in (False, True):
        _sweep(costs, steps, jumps, joins, total, reverse)


def _sweep(
    costs: Tensor, steps: Tensor, jumps: Tensor, joins: Tensor, total: Tensor, reverse: bool
) -> None:
    """Add the path costs (R, N, D) of one direction to `total`.

    Between each pixel and the next (R - 1, N, ...): by how many bins the depth should grow, what
    any other depth costs, and whether the pixels belong together at all.
    """
    order = range(len(costs) - 1, -1, -1) if reverse else range(len(costs))
    before: Tensor | None = None
    # Steps are whole bins; what rounding leaves is carried on, so that it never adds up.
    carried = costs.new_zeros(costs.shape[1])
    for now in order:
        path = costs[now]
        if before is not None:
            between = now if reverse else now - 1
            carried = carried + (-steps[between] if reverse else steps[between])
            whole = carried.round()
            carried = carried - whole
            reached = _step(before, whole.long(), jumps[between])
            path = torch.where(joins[between], path + reached, path)
        total[now].add_(path)
        before = path


def _step(path: Tensor, shift: Tensor, jump: Tensor) -> Tensor:
    """Cheapest way (N, D) to each bin from the pixel before, less the cheapest of all.

    `shift` (N,) is the number of bins by which the depth should grow.
    """
    bins = path.shape[-1]
    path = path - path.amin(-1, keepdim=True)
    source = torch.arange(bins, device=path.device) - shift[..., None]
    straight = path.gather(-1, source.clamp(0, bins - 1))
    sides = functional.pad(straight, (1, 1), value=torch.inf)
    bent = torch.minimum(sides[..., :-2], sides[..., 2:]) + _OFF_SLOPE
    return torch.minimum(torch.minimum(straight, bent), jump)
