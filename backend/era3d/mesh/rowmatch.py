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

_LARGEST_IMAGE = 160
_LEAST_FACING = 0.2
_WORST_MATCH = 0.5
_PREFER_NEAR = 0.1
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


def shrink(obs: Observations, radius: float) -> RowImages:
    """Bring observations of an object within `radius` of the vertical axis to stereo's size."""
    size = min(obs.detail, _LARGEST_IMAGE)
    maps = functional.interpolate(obs.normal, (size, size), mode="area")
    outline = functional.interpolate(obs.distance.unsqueeze(1), (size, size), mode="area")[:, 0]
    return RowImages(
        axes=obs.axes,
        normal=functional.normalize(maps[:, :3], dim=1).permute(0, 2, 3, 1).contiguous(),
        mask=maps[:, 3] > 0.5,
        outline=outline * size,
        bins=2 * (int(radius * size) + 2),
    )


def match_costs(images: RowImages) -> Tensor:
    """Cost of every depth bin for every pixel: how badly the views' normals differ there.

    Returns
    -------
    (V, R, R, D) float32
        0 to `_WORST_MATCH` plus a slight preference for near depths; `FORBIDDEN` more outside
        the visual hull; 0 where a pixel shows nothing.
    """
    volume = torch.zeros(*images.mask.shape, images.bins, device=images.mask.device)
    for view in range(len(images.mask)):
        volume[view][images.mask[view]] = _view_costs(images, view)
    return volume


def _view_costs(images: RowImages, view: int) -> Tensor:
    """Costs (P, D) of the P pixels that a view shows."""
    row, column_here = images.mask[view].nonzero(as_tuple=True)
    normal = images.normal[view, row, column_here]
    depth = images.bin_depth(torch.arange(images.bins, device=row.device))
    cost = torch.zeros(len(row), images.bins, device=row.device)
    total = torch.zeros(len(row), 1, device=row.device)
    outside = torch.full_like(cost, -torch.inf)
    for other in range(len(images.mask)):
        if other == view:
            continue
        column, share = _columns(images, view, other, depth)
        place = (row[:, None] * images.size + column[column_here]).view(-1)
        seen = torch.cat([images.normal[other], images.outline[other, ..., None]], -1).view(-1, 4)
        near, far = seen[place], seen[place + 1]
        seen = torch.lerp(near, far, share[column_here].view(-1, 1)).view(*cost.shape, 4)
        outside = torch.maximum(outside, seen[..., 3])
        facing = normal @ images.axes[other, 2]
        weight = torch.where(facing > _LEAST_FACING, facing, 0.0)[:, None]
        difference = (seen[..., :3] - normal[:, None]).norm(dim=-1)
        cost += weight * difference.clamp(max=_WORST_MATCH)
        total += weight
    cost /= total.clamp(min=1e-6)
    return cost + _PREFER_NEAR * depth + FORBIDDEN * (outside > 0.5)


def _columns(images: RowImages, view: int, other: int, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Where each column and depth of a view lies in another view's row, which is the same.

    Returns
    -------
    column : (R, D) int64
        The pixel left of it.
    share : (R, D) float32
        How far on the way to the next pixel it is.
    """
    size = images.size
    right = (torch.arange(size, device=depth.device) + 0.5) / size - 0.5
    across = images.axes[view, 0] @ images.axes[other, 0]
    along = images.axes[view, 2] @ images.axes[other, 0]
    there = ((right[:, None] * across - depth * along + 0.5) * size - 0.5).clamp(0, size - 1.001)
    column = there.floor()
    return column.long(), there - column
