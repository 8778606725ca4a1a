# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Depth maps of the six views from normal stereo, with how far each depth can be trusted."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.hull import hull_distance
from era3d.mesh.observations import Observations
from era3d.mesh.parallel import each
from era3d.mesh.rowmatch import FORBIDDEN, Known, RowImages, match_costs, shrink
from era3d.mesh.smooth import aggregate

_SAME = 0.015
_FULL_MARGIN = 0.3
_DOUBT = 0.3
_NEIGHBOURHOOD = 4
_STEEPEST = 0.15


@dataclass(frozen=True)
class DepthMaps:
    """What stereo found, R pixels square.

    Attributes
    ----------
    depth : (V, R, R) float32
        World units behind the plane through the origin, at the pixels' centres.
    weight : (V, R, R) float32
        Trust, 0 to 1; 0 where a pixel shows nothing.
    slope : (V, 2, R, R) float32
        Change of depth per unit to the right and up, as the normals tell.
    images : RowImages
    """

    depth: Tensor
    weight: Tensor
    slope: Tensor
    images: RowImages

    def look_up(self, right: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
        """Depth and weight (V, N) at camera coordinates (V, N), on the nearest pixel's plane."""
        views, size, _ = self.depth.shape
        column = ((right + 0.5) * size).long().clamp(0, size - 1)
        row = ((0.5 - up) * size).long().clamp(0, size - 1)
        pixel = row * size + column
        dx, dy = right - ((column + 0.5) / size - 0.5), up - (0.5 - (row + 0.5) / size)
        slope = self.slope.view(views, 2, -1)
        depth = self.depth.view(views, -1).gather(1, pixel)
        depth = depth + slope[:, 0].gather(1, pixel) * dx + slope[:, 1].gather(1, pixel) * dy
        return depth, self.weight.view(views, -1).gather(1, pixel)

    def points(self) -> tuple[Tensor, Tensor, Tensor]:
        """World points (M, 3), their normals (M, 3) and weights (M,) of pixels with weight."""
        chosen = self.weight > 0
        points = self.images.points(self.depth, chosen)
        return points, self.images.normal[chosen], self.weight[chosen]


def match(obs: Observations, radius: float, before: DepthMaps | None = None) -> DepthMaps:
    """Find depth maps of an object within `radius` of the vertical axis.

    Those found `before` of the same tell which views see a point at all. Where they are wrong, what
    follows from them is, too.
    """
    images = shrink(obs, radius)
    known = None if before is None else Known(before.depth, before.weight)
    found = each(lambda view: _match_view(images, view, known), range(len(images.mask)))
    index, margin, at_hull = (torch.stack(parts) for parts in zip(*found, strict=True))
    facing = images.along(2).clamp(min=0.0)
    weight = facing**2 * (margin / _FULL_MARGIN).clamp(0.0, 1.0) * images.mask
    slope = (
        torch.stack([images.along(0), images.along(1)], 1) / facing.clamp(min=_STEEPEST)[:, None]
    )
    depth = _onto_hull(images.bin_depth(index), at_hull & images.mask, images, obs)
    maps = DepthMaps(depth, weight, slope, images)
    return DepthMaps(depth, weight * _cross_check(maps), slope, images)


def _match_view(images: RowImages, view: int, known: Known | None) -> tuple[Tensor, Tensor, Tensor]:
    """`_best_bins` of one view, on all of its picture."""
    window = images.window(view)
    found = _best_bins(aggregate(match_costs(images, view, known), images, view))
    index, margin, at_hull = (part.new_zeros(images.mask[view].shape) for part in found)
    for target, part in zip((index, margin, at_hull), found, strict=True):
        target[window] = part
    return index, margin, at_hull


def _best_bins(total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Best bin, finer than one, by how much it beats bins farther off, and whether it is the
    first one that the hull allows; each (H, C).
    """
    least, index = total.min(-1)
    bins = total.shape[-1]
    bin_index = torch.arange(bins, device=total.device)
    before = total.gather(-1, (index - 1).clamp(min=0)[..., None])[..., 0]
    after = total.gather(-1, (index + 1).clamp(max=bins - 1)[..., None])[..., 0]
    bend = (before - 2.0 * least + after).clamp(min=1e-6)
    at_hull = before - least > FORBIDDEN
    finer = torch.where(at_hull, 0.0, ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5))
    nearby = (bin_index - index[..., None]).abs() <= _NEIGHBOURHOOD
    margin = total.masked_fill_(nearby, torch.inf).amin(-1) - least
    return index + finer, margin, at_hull


def _onto_hull(depth: Tensor, at_hull: Tensor, images: RowImages, obs: Observations) -> Tensor:
    """Depths (V, R, R) of which those at the hull's front lie on it exactly."""
    here = hull_distance(images.points(depth, at_hull), obs)
    nearer = hull_distance(images.points(depth - 1.0 / images.size, at_hull), obs)
    share = (here / (here - nearer).clamp(max=-1e-6)).clamp(-1.0, 1.0)
    moved = depth.clone()
    moved[at_hull] -= share / images.size
    return moved


def _cross_check(maps: DepthMaps) -> Tensor:
    """Factor (V, R, R) on each depth's weight: what the other views' depths say to it."""
    points, normals, _ = maps.points()
    view = (maps.weight > 0).nonzero(as_tuple=True)[0]
    axes = maps.images.axes
    right, up, back = torch.einsum("vak,nk->avn", axes, points)
    depth, weight = maps.look_up(right, up)
    behind = -back - depth
    other = (torch.arange(len(axes), device=view.device)[:, None] != view) & (weight > 0)
    facing = functional.relu(axes[:, 2] @ normals.T) > 0.2
    confirmed = (other & facing & (behind.abs() < _SAME)).any(0)
    seen_past = (other & (behind < -2 * _SAME)).any(0)
    factor = torch.zeros_like(maps.weight)
    factor[maps.weight > 0] = torch.where(confirmed, 1.0, _DOUBT) * torch.where(
        seen_past, _DOUBT, 1.0
    )
    return factor
