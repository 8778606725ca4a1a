# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twelve fixed prompts that tell the network which view and which domain an image is."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from era3d.cameras import VIEWS
from era3d.diffusion.weights import TRANSFORMERS, build, load_module, read_json, read_tensors
from era3d.errors import InputError

PROMPTS = tuple(
    f"a rendering image of 3D models, {view} view, {domain} map."
    for domain in ("normal", "color")
    for view in VIEWS
)


@torch.inference_mode()
def encode_prompts(folder: Path) -> Tensor:
    """Encode `PROMPTS` with the text encoder of a checkpoint, which nothing else needs.

    Returns
    -------
    (12, words, dim) Tensor
        The last hidden states, float32; normal maps first, views in the order of
        `era3d.cameras.VIEWS`.

    Raises
    ------
    InputError
        If tokenizer or text encoder are missing or do not fit.
    """
    path = folder / "text_encoder" / "config.json"
    config = build(CLIPTextConfig, read_json(path), path)
    for name in ("vocab.json", "merges.txt"):
        if not (folder / "tokenizer" / name).is_file():
            raise InputError(f"The model lacks {folder / 'tokenizer' / name}.")
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    tokens = tokenizer(
        list(PROMPTS),
        padding="max_length",
        max_length=config.max_position_embeddings,
        truncation=True,
        return_tensors="pt",
    )
    tensors = read_tensors(path.parent, TRANSFORMERS)
    named = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    encoder = load_module(lambda: CLIPTextModel(config), named, path.parent)
    return encoder(tokens.input_ids).last_hidden_state
