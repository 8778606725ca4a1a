# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the views ask of each band point: a normal, how surely, and where rims are."""

from dataclasses import dataclass

import torch
from torch import Tensor

from era3d.mesh.grid import Band
from era3d.mesh.observations import Observations, sample
from era3d.mesh.vectors import unit
from era3d.mesh.visibility import DepthBuffers, render_depth, zero_crossings

_LEAST_COSINE = 0.12
_LEAST_ALPHA = 0.9
_UNSEEN_WEIGHT = 0.05
# Every point of the surface has a lattice point this near, in voxels.
_NEAR = 1.0


@dataclass(frozen=True)
class Evidence:
    """For each of N band points.

    Attributes
    ----------
    slope : (N, 3) float32
        The gradient that the distance field should have.
    weight : (N,) float32
        How much that counts, up to 1.
    seen : (N,) bool
        Whether any view says so.
    """

    slope: Tensor
    weight: Tensor
    seen: Tensor


def gather_evidence(band: Band, phi: Tensor, slope: Tensor, obs: Observations) -> Evidence:
    """Blend the normals of the views that see each band point's foot on the surface.

    The views are asked at the points next to the surface; the others take what the one nearest
    to their foot was told.

    Parameters
    ----------
    band : Band
    phi : (N,) float32
        Signed distance in voxels.
    slope : (N, 3) float32
        Its gradient.
    obs : Observations
    """
    direction = unit(slope)
    foot = band.positions - (band.grid.pitch * phi)[:, None] * direction
    depth = render_depth(*zero_crossings(band, phi, slope), band.grid.pitch, obs)
    near = (phi.abs() < _NEAR).nonzero()[:, 0]
    asked = _ask_views(foot[near], direction[near], depth, band.grid.pitch, obs)
    # The last row is for feet that no asked point is near to.
    asked = torch.cat([asked, asked.new_zeros(1, 4)])
    row = torch.full((len(band) + 1,), len(near), device=phi.device)
    row[near] = torch.arange(len(near), device=phi.device)
    told = asked.index_select(0, row.index_select(0, band.nearest(foot)))
    weight = told[:, 3]
    known = weight > _UNSEEN_WEIGHT
    return Evidence(
        torch.where(known[:, None], told[:, :3], direction),
        torch.where(known, weight, _UNSEEN_WEIGHT),
        known,
    )


def _ask_views(
    foot: Tensor, direction: Tensor, buffers: DepthBuffers, pitch: float, obs: Observations
) -> Tensor:
    """Blended unit normal and confidence (M, 4) at surface points (M, 3) that face a direction."""
    right, up, back = obs.project(foot)
    facing = obs.project(direction)[2]
    tangent = (1.0 - facing**2).clamp(min=0.0).sqrt() / facing.clamp(min=_LEAST_COSINE)
    behind = (-back - buffers.look_up(right, up)) / (pitch * (2.0 + tangent))
    seen = sample(obs.normal, right, up)
    normal = unit(seen[:, :3])
    towards = (obs.axes[:, 2:] @ normal)[:, 0]
    weight = towards.clamp(min=0.0) ** 2 * torch.exp(-(behind.clamp(min=0.0) ** 2))
    weight = weight * obs.trust[:, None]
    usable = (behind < 1.0) & (seen[:, 3] > _LEAST_ALPHA) & (towards > _LEAST_COSINE)
    weight = torch.where(usable & (facing > 0.0), weight, 0.0)
    total = weight.sum(0)
    blend = (weight[:, None] * normal).sum(0)
    length = blend.norm(dim=0)
    agreement = length / total.clamp(min=1e-6)
    confidence = (total / 0.5).clamp(max=1.0) * agreement**2
    return torch.cat([blend / length.clamp(min=1e-6), confidence[None]]).T.contiguous()
