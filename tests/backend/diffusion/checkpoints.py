# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small checkpoints on disk: the golden parts, and a text encoder made here."""

import json

import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from tests.backend.diffusion.golden import read, tensors, unet

# An alphabet is a complete vocabulary: without merges every letter is a token.
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_,."


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


def write_text_model(folder, width):
    """Lay a tokenizer and a random text encoder out like a released checkpoint's."""
    torch.manual_seed(0)
    words = ["!", *LETTERS, *(f"{x}</w>" for x in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "pad_token": "!", "model_max_length": 77}
    (folder / "tokenizer/tokenizer_config.json").write_text(json.dumps(settings))
    config = {
        "vocab_size": len(words),
        "hidden_size": width,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 77,
        "hidden_act": "gelu",
        "bos_token_id": len(words) - 2,
        "eos_token_id": len(words) - 1,
    }
    model = CLIPTextModel(CLIPTextConfig(**config))
    (folder / "text_encoder").mkdir()
    (folder / "text_encoder/config.json").write_text(json.dumps(config))
    weights = {f"text_model.{k}": v.half() for k, v in model.state_dict().items()}
    save_file(weights, folder / "text_encoder/model.safetensors")


def write_released(folder):
    """Lay a small model out as the released ones are, with its text encoder."""
    write_checkpoint(folder, "pipeline_regress_small")
    (folder / "prompt_embeds.safetensors").unlink()
    write_text_model(folder, 32)
    return folder
