# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the views ask of each band point: a normal, how surely, and where rims are."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.grid import Band
from era3d.mesh.observations import Observations, sample
from era3d.mesh.visibility import render_depth, zero_crossings

_LEAST_COSINE = 0.12
_LEAST_ALPHA = 0.9
_UNSEEN_WEIGHT = 0.05


@dataclass(frozen=True)
class Evidence:
    """For each of N band points.

    Attributes
    ----------
    slope : (N, 3) float32
        The gradient that the distance field should have.
    weight : (N,) float32
        How much that counts, up to 1.
    """

    slope: Tensor
    weight: Tensor


def gather_evidence(band: Band, phi: Tensor, slope: Tensor, obs: Observations) -> Evidence:
    """Blend the normals of the views that see each band point's foot on the surface.

    Parameters
    ----------
    band : Band
    phi : (N,) float32
        Signed distance in voxels.
    slope : (N, 3) float32
        Its gradient.
    obs : Observations
    """
    pitch = band.grid.pitch
    direction = functional.normalize(slope, dim=1)
    foot = band.positions - (pitch * phi)[:, None] * direction
    right, up, back = obs.project(foot)
    facing = obs.project(direction)[2]
    depth = render_depth(*zero_crossings(band, phi, slope), pitch, obs).look_up(right, up)
    tangent = (1.0 - facing**2).clamp(min=0.0).sqrt() / facing.clamp(min=_LEAST_COSINE)
    behind = (-back - depth) / (pitch * (2.0 + tangent))
    seen = sample(obs.normal, right, up)
    normal = functional.normalize(seen[:, :3], dim=1)
    towards = torch.einsum("vcn,vc->vn", normal, obs.axes[:, 2])
    weight = towards.clamp(min=0.0) ** 2 * torch.exp(-(behind.clamp(min=0.0) ** 2))
    usable = (behind < 1.0) & (seen[:, 3] > _LEAST_ALPHA) & (towards > _LEAST_COSINE)
    weight = torch.where(usable & (facing > 0.0), weight, 0.0)
    total = weight.sum(0)
    blend = (weight[:, None] * normal).sum(0)
    length = blend.norm(dim=0)
    agreement = length / total.clamp(min=1e-6)
    confidence = (total / 0.5).clamp(max=1.0) * agreement**2
    known = confidence > _UNSEEN_WEIGHT
    target = torch.where(known, blend / length.clamp(min=1e-6), direction.T)
    return Evidence(target.T, torch.where(known, confidence, _UNSEEN_WEIGHT))
