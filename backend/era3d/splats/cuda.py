# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same pictures by gsplat's CUDA kernels, where gsplat is installed; else not used."""

from importlib.util import find_spec

import torch
from torch import Tensor

from era3d.lens import Lens
from era3d.splats.project import BLUR_PX2, NEAREST
from era3d.splats.render import Parameters

NO_GSPLAT = "plain PyTorch draws the splats; gsplat is faster: pip install 'era3d[gsplat]'"


def has_gsplat(device: str | torch.device) -> bool:
    """Whether gsplat can draw on a device."""
    return torch.device(device).type == "cuda" and find_spec("gsplat") is not None


def lacks_gsplat(device: str | torch.device) -> bool:
    """Whether gsplat could draw on a device, but is not installed."""
    return torch.device(device).type == "cuda" and find_spec("gsplat") is None


def render_cuda(gaussians: Parameters, features: Tensor, lens: Lens) -> tuple[Tensor, Tensor]:
    """Draw as `era3d.splats.render.render` does, which is its twin on any device."""
    from gsplat import rasterization

    def matrix(rows: object) -> Tensor:
        return torch.as_tensor(rows, dtype=torch.float32, device=features.device)[None]

    pictures, alphas, _ = rasterization(
        gaussians.means,
        gaussians.quaternions,
        gaussians.log_scales.exp(),
        gaussians.logits.sigmoid(),
        features,
        matrix(lens.world_to_camera),
        matrix([[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1]]),
        lens.width,
        lens.height,
        near_plane=NEAREST,
        eps2d=BLUR_PX2,
        camera_model="ortho" if lens.orthographic else "pinhole",
    )
    return pictures[0], alphas[0, ..., 0]
