# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model with random weights that takes every path a real one takes, in a moment."""

import torch
from diffusers import DDIMScheduler
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion import Era3DPipeline, Era3DUNet, PatchCodec, Preprocessor
from era3d.diffusion.schedules import Presets, Sampling

PATCH, WIDTH, WORDS = 8, 32, 2


def tiny_pipeline(seed: int = 0) -> Era3DPipeline:
    """A pipeline for 64-pixel pictures with both regressors."""
    torch.manual_seed(seed)
    codec = PatchCodec(PATCH)
    unet = Era3DUNet(
        sample_size=64 // PATCH,
        in_channels=codec.channels + codec.condition_channels,
        out_channels=codec.channels,
        block_out_channels=(WIDTH, WIDTH),
        attention_head_dim=2,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlockMV2D", "DownBlock2D"),
        cross_attention_dim=WIDTH,
        projection_class_embeddings_input_dim=2 * WIDTH,
        num_regress_blocks=1,
        regress_hidden_size=WIDTH,
        norm_num_groups=8,
    )
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    return Era3DPipeline(
        unet=unet,
        codec=codec,
        scheduler=DDIMScheduler(prediction_type="sample", clip_sample=False),
        image_encoder=CLIPVisionModelWithProjection(vision),
        preprocessor=Preprocessor(32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
        embedding_mean=torch.zeros(1, WIDTH),
        embedding_std=torch.ones(1, WIDTH),
        prompts=torch.randn(12, WORDS, WIDTH),
        presets=Presets.same(Sampling(steps=2, guidance=1.0, eta=0.0)),
    )
