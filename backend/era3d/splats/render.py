# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of Gaussians: differentiable, in plain torch, on any device.

Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering (2023): Gaussians sorted
by the depth of their centres are composited from front to back.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from era3d.lens import Lens
from era3d.splats.fragments import Fragments, alphas, fragments_of, transmittance
from era3d.splats.project import project


@dataclass
class Parameters:
    """Gaussians as tensors that may want gradients; see `era3d.splats.cloud.Gaussians`.

    Attributes
    ----------
    means : (n, 3) float
    quaternions : (n, 4) float
    log_scales : (n, 3) float
    logits : (n,) float
    """

    means: Tensor
    quaternions: Tensor
    log_scales: Tensor
    logits: Tensor


def render(
    gaussians: Parameters, features: Tensor, lens: Lens, plan: Fragments | None = None
) -> tuple[Tensor, Tensor]:
    """Draw features of Gaussians, such as colours or normals.

    Parameters
    ----------
    gaussians : Parameters
    features : (n, C) float
    lens : Lens
    plan : Fragments, optional
        What is drawn and in which order, of these Gaussians or of what they were a little earlier;
        by default it is found anew.

    Returns
    -------
    picture : (height, width, C) float
        Multiplied by the opacity; what is behind is to be added.
    alpha : (height, width) float
    """
    opacity = gaussians.logits.sigmoid()
    flat = project(gaussians.means, gaussians.quaternions, gaussians.log_scales, lens)
    if plan is None:
        plan = fragments_of(flat, opacity, lens)
    alpha = alphas(flat, flat.conic(), opacity, plan.pixel, plan.gaussian, lens.width)
    weight = alpha * transmittance(alpha, plan.first)
    values = torch.cat([features, torch.ones_like(features[:, :1])], 1)
    values = values.index_select(0, plan.gaussian) * weight[:, None]
    empty = torch.zeros(lens.height * lens.width, values.shape[1], dtype=values.dtype)
    picture = empty.to(values.device).index_add(0, plan.pixel, values)
    picture = picture.view(lens.height, lens.width, -1)
    return picture[..., :-1], picture[..., -1]


@torch.no_grad()
def plan_of(gaussians: Parameters, lens: Lens, slack: float) -> Fragments:
    """Find what is drawn, with slack for what the Gaussians become in the next steps."""
    flat = project(gaussians.means, gaussians.quaternions, gaussians.log_scales, lens)
    return fragments_of(flat, gaussians.logits.sigmoid(), lens, slack)
