# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What training starts from: nothing, a model, or a network for one image."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from era3d.diffusion.checkpoint import load_pipeline, save_pipeline
from era3d.diffusion.codec import KLCodec
from era3d.diffusion.unet import Era3DUNet
from era3d.errors import InputError
from era3d.training.config import TrainConfig
from era3d.training.start import begin, convert_unclip, is_unclip, new_pipeline
from era3d.training.trainer import Trainer
from tests.backend.models import WIDTH, tiny_pipeline

TRAINING = Path(__file__).parents[3] / "backend" / "era3d" / "training"


@pytest.fixture(scope="module")
def unclip(tmp_path_factory):
    """A folder laid out like Stable Diffusion 2.1 unCLIP, tiny, with encoded prompts."""
    folder = tmp_path_factory.mktemp("unclip")
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
    )  # fmt: skip
    pipeline = tiny_pipeline()
    pipeline.codec = KLCodec(vae)
    save_pipeline(pipeline, folder, torch.float32)
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(WIDTH, WIDTH),
        attention_head_dim=(2, 2),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        norm_num_groups=8,
        use_linear_projection=True,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * WIDTH,
    )
    unet.save_pretrained(folder / "unet")
    for part in ("text_encoder", "tokenizer"):
        (folder / part).mkdir()
    return folder


@pytest.fixture(scope="module")
def converted(unclip, tmp_path_factory):
    out = tmp_path_factory.mktemp("converted")
    convert_unclip(unclip, out)
    (out / "prompt_embeds.safetensors").write_bytes(
        (unclip / "prompt_embeds.safetensors").read_bytes()
    )
    return out


def test_a_network_for_one_image_draws_the_same_at_first(unclip, converted):
    """Without the camera's code the new network is the old one: its additions begin as zeros."""
    assert is_unclip(unclip)
    assert not is_unclip(converted)
    old = UNet2DConditionModel.from_pretrained(unclip / "unet").eval()
    new = load_pipeline(converted).unet
    for parameter in new.camera_embedding.parameters():
        parameter.zero_()
    torch.manual_seed(0)
    images, labels = torch.randn(12, 4, 16, 16), torch.randn(12, 2 * WIDTH)
    prompts = torch.randn(12, 3, WIDTH)
    # Attention joins the domains, so both see the same; and there is no photo yet.
    images[6:], labels[6:], prompts[6:] = images[:6], labels[:6], prompts[:6]
    with torch.inference_mode():
        before = old(images, 500, prompts, class_labels=labels).sample
        doubled = torch.cat([images, torch.randn(12, 4, 16, 16)], 1)
        after = new(doubled, 500, prompts, labels).sample
    assert torch.allclose(before, after, atol=1e-4)


def test_what_is_no_such_network_is_refused(unclip, tmp_path):
    config = json.loads((unclip / "unet" / "config.json").read_text())
    other = UNet2DConditionModel.from_config(config | {"class_embed_type": "timestep"})
    for part in unclip.iterdir():
        if part.name != "unet":
            (tmp_path / part.name).symlink_to(part)
    other.save_pretrained(tmp_path / "unet")
    with pytest.raises((InputError, ValueError), match=r"class_embed|strange|fit"):
        convert_unclip(tmp_path, tmp_path / "out")


def test_the_full_size_recipe_trains_a_tiny_model(converted, tiny_drawings, tmp_path):
    config = dataclasses.replace(
        TrainConfig.load(TRAINING / "full.toml"),
        start=str(converted),
        batch=1,
        accumulate=2,
        precision="bf16",
    )
    trainer = Trainer(config, tiny_drawings, tmp_path, False)
    frozen = trainer.model.image_encoder.state_dict()["visual_projection.weight"].clone()
    before = trainer.model.unet.conv_in.weight.detach().clone()
    assert trainer.pipeline.unet.is_gradient_checkpointing
    for _ in range(2):
        assert all(torch.isfinite(losses.total) for losses in trainer.step())
    assert trainer.samples == 4
    assert not torch.equal(before, trainer.model.unet.conv_in.weight)
    assert torch.equal(frozen, trainer.model.image_encoder.state_dict()["visual_projection.weight"])
    assert not any("image_encoder" in name for name in trainer.model.learned())


def test_the_full_size_network_needs_the_memory_that_is_told():
    """Weights, gradients, two moments and the average, in float32; see docs/training.md."""
    with torch.device("meta"):
        unet = Era3DUNet()
    count = sum(p.numel() for p in unet.parameters())
    assert count * 5 * 4 / 2**30 == pytest.approx(17.7, abs=0.1)


@pytest.mark.parametrize("name", ["mini", "seeing", "mini128"])
def test_small_models_are_small_enough_to_ship(name):
    config = TrainConfig.load(TRAINING / f"{name}.toml")
    pipeline = new_pipeline(config.model)
    assert pipeline.image_size == config.model.image_size
    parts = (pipeline.unet, pipeline.image_encoder)
    assert sum(p.numel() for part in parts for p in part.parameters()) * 2 < 30e6


def test_a_run_goes_on_from_the_model_that_ships(tmp_path):
    config = TrainConfig.load(TRAINING / "folder.toml")
    started, shipped = begin(config, tmp_path), load_pipeline("mini")
    assert torch.equal(started.prompts, shipped.prompts)
    with pytest.raises(InputError, match="predicts 'sample'"):
        begin(dataclasses.replace(config, prediction="v_prediction"), tmp_path)
    with pytest.raises(InputError, match="no model"):
        begin(dataclasses.replace(config, start=str(tmp_path / "nowhere")), tmp_path)


def test_a_run_can_begin_with_the_image_encoder_of_another_model(tmp_path):
    config = TrainConfig.load(TRAINING / "folder.toml")
    small = dataclasses.replace(config.model, encoder_width=64, encoder_layers=1)
    torch.manual_seed(2)
    save_pipeline(new_pipeline(small), tmp_path / "other", torch.float32)
    both = begin(dataclasses.replace(config, encoder=str(tmp_path / "other")), tmp_path)
    shipped, other = load_pipeline("mini"), load_pipeline(tmp_path / "other")
    assert torch.equal(both.prompts, shipped.prompts)
    assert torch.equal(both.unet.conv_in.weight, shipped.unet.conv_in.weight)
    ours, theirs = both.image_encoder.state_dict(), other.image_encoder.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert both.preprocessor == other.preprocessor
    assert both(np.full((64, 64, 3), 200, np.uint8)).normal.shape == (6, 64, 64, 3)


def test_an_image_encoder_with_other_embeddings_is_refused(tmp_path):
    config = TrainConfig.load(TRAINING / "folder.toml")
    narrow = dataclasses.replace(config.model, embedding=32)
    save_pipeline(new_pipeline(narrow), tmp_path / "narrow", torch.float32)
    with pytest.raises(InputError, match="32 numbers, not 128"):
        begin(dataclasses.replace(config, encoder=str(tmp_path / "narrow")), tmp_path)
