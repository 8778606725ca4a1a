# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal stereo, first half: what each depth along each pixel's ray would cost.

All cameras stand at elevation 0, so a pixel's counterpart in every other view lies on the same
row; and all normal maps share one frame, so counterparts show the same normal.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.observations import Observations
from era3d.mesh.vectors import unit

_LARGEST_IMAGE = 160
_LEAST_FACING = 0.2
_WORST_MATCH = 0.5
_PREFER_NEAR = 0.1
# What a match costs of which nothing is known, and how much that counts beside what is: in a second
# look, where most views may be hidden; next to nothing in the first.
_UNKNOWN, _FEW, _NONE = 0.4, 0.1, 1e-6
# Farther than this behind the surface that another view sees a point is hidden; as far in front of
# it, the other view sees past it. World units.
_APART = 0.02
_SEEN_PAST = 0.5
# Other views' columns are looked up at this share of a pixel.
_FINER = 3
FORBIDDEN = 2.0


@dataclass(frozen=True)
class RowImages:
    """The views at stereo's resolution of R pixels; depth bins are one pixel apart.

    Attributes
    ----------
    normal : (V, R, R, 3) float32
        Unit world normals.
    mask : (V, R, R) bool
    outline : (V, R, R) float32
        Signed silhouette distance, pixels.
    bins : int
        Depth bins D along each ray, the middle of them at the plane through the origin.
    """

    axes: Tensor
    normal: Tensor
    mask: Tensor
    outline: Tensor
    bins: int

    @property
    def size(self) -> int:
        """R."""
        return self.mask.shape[1]

    def window(self, view: int) -> tuple[slice, slice]:
        """Rows and columns that a view shows something in."""
        rows, columns = (_extent(self.mask[view].any(axis)) for axis in (1, 0))
        return rows, columns

    def bin_depth(self, index: Tensor) -> Tensor:
        """Depth in world units of (fractional) bins."""
        return (index + 0.5 - self.bins / 2) / self.size

    def along(self, axis: int) -> Tensor:
        """Component (V, R, R) of the normals along each camera's right, up or back axis."""
        return torch.einsum("vrcx,vx->vrc", self.normal, self.axes[:, axis])

    def points(self, depth: Tensor, chosen: Tensor) -> Tensor:
        """World points (M, 3) at depths (V, R, R) along the rays of the chosen pixels."""
        view, row, column = chosen.nonzero(as_tuple=True)
        right, up = (column + 0.5) / self.size - 0.5, 0.5 - (row + 0.5) / self.size
        where = torch.stack([right, up, -depth[view, row, column]], 1)
        return torch.einsum("mak,ma->mk", self.axes[view], where)


@dataclass(frozen=True)
class Known:
    """Depths from a first look at the views, and how far to trust them; each (V, R, R) float32."""

    depth: Tensor
    weight: Tensor


def shrink(obs: Observations, radius: float) -> RowImages:
    """Bring observations of an object within `radius` of the vertical axis to stereo's size."""
    size = min(obs.detail, _LARGEST_IMAGE)
    maps = functional.interpolate(obs.normal, (size, size), mode="area")
    outline = functional.interpolate(obs.distance.unsqueeze(1), (size, size), mode="area")[:, 0]
    return RowImages(
        axes=obs.axes,
        normal=unit(maps[:, :3]).permute(0, 2, 3, 1).contiguous(),
        mask=maps[:, 3] > 0.5,
        outline=outline * size,
        bins=2 * (int(radius * size) + 2),
    )


def match_costs(images: RowImages, view: int, known: Known | None = None) -> Tensor:
    """Cost of every depth bin for every pixel of a view: how badly the views' normals differ there.

    Which columns meet is the same in every row, so whole rows are looked up at once.

    Parameters
    ----------
    images : RowImages
    view : int
    known : Known, optional
        With it, views from which a point would be hidden say nothing of it, and a point that some
        view sees past costs up to `_SEEN_PAST` more.

    Returns
    -------
    (H, C, D) float32
        For the rows and columns of `RowImages.window`: 0 to `_WORST_MATCH` plus a slight preference
        for near depths; `FORBIDDEN` more outside the visual hull; 0 where a pixel shows nothing.
    """
    rows, columns = images.window(view)
    depth = images.bin_depth(torch.arange(images.bins, device=images.mask.device))
    normal = images.normal[view, rows, columns].permute(2, 1, 0)
    cost = torch.zeros(normal.shape[1], images.bins, normal.shape[2], device=depth.device)
    total = torch.zeros_like(cost if known else cost[:, :1])
    outside = torch.full_like(cost, -torch.inf)
    # How surely some view sees past a point, 0 to -1.
    seen_past = torch.zeros_like(total)
    for other in range(len(images.mask)):
        if other == view:
            continue
        place = _places(images, view, other, depth)[columns]
        seen = torch.cat([images.normal[other, rows], images.outline[other, rows, :, None]], -1)
        seen = _between_columns(seen.permute(1, 2, 0))
        *there, outline = (channel[place] for channel in seen.unbind(1))
        outside = torch.maximum(outside, outline)
        apart = torch.zeros_like(cost)
        for here, channel in zip(normal, there, strict=True):
            apart += channel.sub_(here[:, None]).square_()
        weight = torch.einsum("xch,x->ch", normal, images.axes[other, 2])
        weight = torch.where(weight > _LEAST_FACING, weight, 0.0)[:, None]
        if known:
            behind = _behind(images, view, other, place, known)
            torch.minimum(seen_past, behind, out=seen_past)
            weight = behind.clamp_(min=0.0).neg_().add_(1.0).mul_(weight)
        cost.addcmul_(apart.sqrt_().clamp_(max=_WORST_MATCH), weight)
        total += weight
    few = _FEW if known else _NONE
    cost.add_(few * _UNKNOWN).div_(total.add_(few))
    cost.sub_(seen_past, alpha=_SEEN_PAST)
    cost += _PREFER_NEAR * depth[:, None]
    cost.add_((outside > 0.5).float(), alpha=FORBIDDEN)
    cost *= images.mask[view, rows, columns].T[:, None]
    return cost.permute(2, 0, 1).contiguous()


def _behind(images: RowImages, view: int, other: int, place: Tensor, known: Known) -> Tensor:
    """How surely each depth of a view's pixels (C, D, H) is hidden from another view, up to 1, or
    seen past by it, down to -1; `place` as of `_places`.
    """
    size, (rows, columns) = images.size, images.window(view)
    depth = images.bin_depth(torch.arange(images.bins, device=place.device))
    right = (torch.arange(size, device=place.device)[columns] + 0.5) / size - 0.5
    along, across = images.axes[other, 2] @ images.axes[view, [2, 0]].T
    there = depth * along - right[:, None] * across
    pixel = (place + _FINER // 2) // _FINER
    apart = known.depth[other, rows].T[pixel].neg_().add_(there[..., None]).div_(_APART)
    sure = apart.abs().sub_(1.0).clamp_(0.0, 1.0).mul_(known.weight[other, rows].T[pixel])
    return sure.copysign_(apart)


def _extent(used: Tensor) -> slice:
    """From the first to the last element (R,) that is used."""
    at = used.nonzero()[:, 0]
    return slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0)


def _between_columns(values: Tensor) -> Tensor:
    """Columns (R, ...) and `_FINER` - 1 between each two of them, linear."""
    size = len(values)
    place = torch.arange(_FINER * (size - 1) + 1, device=values.device)
    left = (place // _FINER).clamp(max=size - 2)
    share = (place / _FINER - left).view(-1, *[1] * (values.ndim - 1))
    return torch.lerp(values[left], values[left + 1], share)


def _places(images: RowImages, view: int, other: int, depth: Tensor) -> Tensor:
    """Where each column and depth (R, D) of a view lies in another view's row, which is the same;
    as an index into `_between_columns`.
    """
    size = images.size
    right = (torch.arange(size, device=depth.device) + 0.5) / size - 0.5
    across = images.axes[view, 0] @ images.axes[other, 0]
    along = images.axes[view, 2] @ images.axes[other, 0]
    there = (right[:, None] * across - depth * along + 0.5) * size - 0.5
    return (there * _FINER).round().long().clamp(0, _FINER * (size - 1))
