# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints on disk, made of the golden parts."""

import json

import pytest
from safetensors.torch import save_file

from tests.backend.diffusion.golden import FOLDER, read, tensors, unet


def write_checkpoint(folder, case):
    """Lay the parts of a golden pipeline out like a released checkpoint, with encoded prompts."""
    config = read(f"{case}/config.json")
    unet_config = {k: v for k, v in config["unet"].items() if not k.startswith("_golden")}
    unet_config["regress_hidden_size"] = 64
    network = unet(case.replace("pipeline", "unet"))
    weights = {k: v.half() for k, v in network.state_dict().items()}
    parts = {
        "unet": ("config.json", unet_config, "diffusion_pytorch_model", weights),
        "vae": ("config.json", config["vae"], "diffusion_pytorch_model", "vae"),
        "image_encoder": ("config.json", config["image_encoder"], "model", "image_encoder"),
        "image_normalizer": (
            "config.json",
            config["image_normalizer"],
            "diffusion_pytorch_model",
            "image_normalizer",
        ),
        "scheduler": ("scheduler_config.json", config["scheduler"] | {"skip_prk_steps": True}),
        "feature_extractor": ("preprocessor_config.json", config["feature_extractor"]),
    }
    for name, (file, content, *weight_files) in parts.items():
        (folder / name).mkdir(parents=True)
        (folder / name / file).write_text(json.dumps(content))
        if weight_files:
            stem, source = weight_files
            if isinstance(source, str):
                source = tensors(f"pipeline_regress_small/{source}.safetensors")
            save_file(source, folder / name / f"{stem}.safetensors")
    prompts = tensors("pipeline_regress_small/inputs.safetensors")["prompt_embeds"]
    save_file({"prompt_embeds": prompts}, folder / "prompt_embeds.safetensors")
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Folder of the golden model with camera regression; do not change it."""
    assert FOLDER.is_dir()
    return write_checkpoint(tmp_path_factory.mktemp("models") / "6view", "pipeline_regress_small")


@pytest.fixture(scope="session")
def ortho_checkpoint(tmp_path_factory):
    """Folder of the golden model without; do not change it."""
    return write_checkpoint(tmp_path_factory.mktemp("models") / "ortho", "pipeline_ortho_small")
