# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The released networks at full size with random weights, or with none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion.unet import Era3DUNet

CONFIGS = Path(__file__).parents[1] / "tests" / "data" / "golden" / "released"
WORDS, PROMPT_WIDTH, LABEL_WIDTH = 77, 1024, 2048


def config_of(part: str) -> dict[str, Any]:
    """The released checkpoint's own file on a part."""
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    return json.loads((CONFIGS / part / name).read_text())


def network(dtype: torch.dtype, **changes: Any) -> Era3DUNet:
    """The UNet, made in a floating-point type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return Era3DUNet.from_config(config_of("unet"), **changes).requires_grad_(False).eval()
    finally:
        torch.set_default_dtype(before)


def network_call(
    unet: Era3DUNet, images: int, device: str = "cpu"
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random inputs of the network."""
    size, like = unet.config["sample_size"], {"dtype": unet.dtype, "device": device}
    return (
        torch.randn(images, unet.config["in_channels"], size, size, **like),
        torch.tensor(501, device=device),
        torch.randn(images, WORDS, PROMPT_WIDTH, **like),
        torch.randn(images, LABEL_WIDTH, **like),
    )


def autoencoder() -> AutoencoderKL:
    """Stable Diffusion's autoencoder in float32."""
    known = ("block_out_channels", "down_block_types", "up_block_types", "layers_per_block")
    config = {key: value for key, value in config_of("vae").items() if key in known}
    return AutoencoderKL(**config, latent_channels=4).requires_grad_(False).eval()


def image_encoder() -> CLIPVisionModelWithProjection:
    """OpenCLIP's ViT-H."""
    config = {k: v for k, v in config_of("image_encoder").items() if k[0] != "_"}
    return CLIPVisionModelWithProjection(CLIPVisionConfig(**config)).requires_grad_(False).eval()
