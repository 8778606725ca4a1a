# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Band points whose distance is known: at outlines, and where stereo found depths."""

from dataclasses import dataclass

import torch
from torch import Tensor

from era3d.mesh.grid import Band
from era3d.mesh.observations import Observations
from era3d.mesh.stereo import DepthMaps

_RIM = 2.0
_ON_HULL, _UNSEEN = 1.0, 0.2
_DEAD_ZONE_BINS = 0.25
_LONGEST_PULL = 1.0


@dataclass(frozen=True)
class Pins:
    """R demands on single band points; a point may occur more than once.

    Attributes
    ----------
    index : (R,) int64
    wanted : (R,) float32
        The distance the point should have, voxels.
    weight : (R,) float32
    """

    index: Tensor
    wanted: Tensor
    weight: Tensor


def join(*sets: Pins) -> Pins:
    """All sets of demands as one."""
    return Pins(
        torch.cat([pins.index for pins in sets]),
        torch.cat([pins.wanted for pins in sets]),
        torch.cat([pins.weight for pins in sets]),
    )


def find_rims(band: Band, phi: Tensor, outline: Tensor, obs: Observations) -> Pins:
    """The band points that make the object's outline in each view.

    Of all points that project near an outline, the one with the least `phi` on each ray must be
    as far from the surface as its projection is from the outline.

    Parameters
    ----------
    band : Band
    phi : (N,) float32
        Voxels.
    outline : (V, N) float32
        Signed distance of the points' projections to each view's silhouette, voxels.
    obs : Observations
    """
    size = int(1.0 / band.grid.pitch) + 1
    view, point = (outline.abs() < 1.0).nonzero(as_tuple=True)
    where, axes = band.positions[point], obs.axes[view]
    column = (((where * axes[:, 0]).sum(1) + 0.5) * size).long().clamp(0, size - 1)
    row = ((0.5 - (where * axes[:, 1]).sum(1)) * size).long().clamp(0, size - 1)
    ray = (view * size + row) * size + column
    least = torch.full((len(obs.axes) * size * size,), torch.inf, device=phi.device)
    least.scatter_reduce_(0, ray, phi[point], "amin")
    chosen = phi[point] <= least[ray]
    point, wanted = point[chosen], outline[view[chosen], point[chosen]]
    return Pins(point, wanted, _RIM * obs.trust[view[chosen]])


def find_unseen(phi: Tensor, hull: Tensor, seen: Tensor) -> Pins:
    """Points of a surface that no view sees and that lies on the hull: nothing tells it to leave.

    Outlines alone would hold one point of it on each ray. Only for shapes that stereo has carved:
    before that, most of the hull is yet to be left.

    Parameters
    ----------
    phi, hull : (N,) float32
        Distance to the surface and to the hull, voxels.
    seen : (N,) bool
    """
    index = (~seen & ((phi - hull).abs() < _ON_HULL)).nonzero()[:, 0]
    wanted = hull[index]
    return Pins(index, wanted, torch.full_like(wanted, _UNSEEN))


def find_anchors(band: Band, phi: Tensor, maps: DepthMaps, strength: float) -> Pins:
    """Band points that have left stereo's depths by more than those are uncertain.

    `strength` is the weight of a sure depth where a voxel is as large as stereo's pixels.
    """
    points, normals, weight = maps.points()
    index = band.nearest(points)
    held = index < len(band)
    index, normals, weight = index[held], normals[held], weight[held]
    offset = band.positions[index] - points[held]
    pull = (offset * normals).sum(1) / band.grid.pitch - phi[index]
    left = pull.abs() > _DEAD_ZONE_BINS / (maps.images.size * band.grid.pitch)
    index, pull = index[left], pull[left].clamp(-_LONGEST_PULL, _LONGEST_PULL)
    # Slopes outweigh single depths the more, the finer the lattice is: keep the balance.
    strength /= maps.images.size * band.grid.pitch
    return Pins(index, phi[index] + pull, strength * weight[left])
