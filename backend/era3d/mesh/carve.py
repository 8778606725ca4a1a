# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first solid from depth maps: the hull, carved where depths are trusted."""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from era3d.mesh.distance import redistance
from era3d.mesh.grid import Band, Grid, inner_keys
from era3d.mesh.hull import hull_volume
from era3d.mesh.observations import Observations
from era3d.mesh.stereo import DepthMaps

_CLIP = 0.015
_FAR_BEHIND = 0.03
_INSIDE_VOTE = 0.05
_SPECK = 0.01
_CHUNK = 1 << 18


def start_from_depths(
    maps: DepthMaps, grid: Grid, obs: Observations, behind_vote: float
) -> tuple[Band, Tensor]:
    """Band and distance of the solid that the depth maps leave of the visual hull.

    Parameters
    ----------
    behind_vote : float
        How much a view counts at points far behind the surface it sees, against its full weight
        near that surface. Depths that are exact need little of it to keep bodies filled.
    """
    field = torch.cat(
        [
            _carved(grid.positions(grid.cells(keys)), maps, obs, behind_vote)
            for keys in grid.every().split(_CHUNK)
        ]
    )
    field = torch.maximum(field.view(grid.shape) / grid.pitch, hull_volume(grid, obs))
    field = _without_pores(field)
    inside = field < 0
    near = field.abs() < 2.0
    for axis in range(3):
        crossed = inside.narrow(axis, 1, grid.shape[axis] - 1) != inside.narrow(
            axis, 0, grid.shape[axis] - 1
        )
        near.narrow(axis, 0, crossed.shape[axis]).logical_or_(crossed)
        near.narrow(axis, 1, crossed.shape[axis]).logical_or_(crossed)
    keys = inner_keys(near)
    return redistance(Band(grid, keys), field.view(-1)[keys].clamp(-2.0, 2.0))


def _carved(points: Tensor, maps: DepthMaps, obs: Observations, behind_vote: float) -> Tensor:
    """World units (N,) that points lie outside what depths carve, roughly; exact in sign only."""
    right, up, back = obs.project(points)
    depth, weight = maps.look_up(right, up)
    outside = depth + back
    weight = torch.where(outside < -_FAR_BEHIND, behind_vote * weight, weight)
    votes = (weight * outside.clamp(-_CLIP, _CLIP)).sum(0) - _INSIDE_VOTE * _CLIP
    return votes / (weight.sum(0) + _INSIDE_VOTE)


def _without_pores(field: Tensor) -> Tensor:
    """Fill hollows that no air reaches, and drop pieces below a hundredth of the largest."""
    values = field.cpu().numpy().copy()
    air, _ = ndimage.label(values >= 0)
    values[(air > 0) & (air != air[0, 0, 0])] = -0.5
    piece, count = ndimage.label(values < 0)
    size = np.bincount(piece.ravel(), minlength=count + 1)[1:]
    small = np.flatnonzero(size < _SPECK * size.max()) + 1
    values[np.isin(piece, small)] = 0.5
    return torch.from_numpy(values).to(field.device)
