# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twelve fixed prompts that tell the network which view and which domain an image is."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from era3d.cameras import VIEWS
from era3d.diffusion.weights import build, described_by, load_module, read_tensors, write_tensors
from era3d.errors import InputError
from era3d.files import read_object, replacing
from era3d.store.digests import digest
from era3d.store.folders import cache_folder
from era3d.store.layout import TOKENIZER_FILES, TRANSFORMERS, weights_in

PROMPTS = tuple(
    f"a rendering image of 3D models, {view} view, {domain} map."
    for domain in ("normal", "color")
    for view in VIEWS
)


def embed_prompts(folder: Path) -> Tensor:
    """Return what `encode_prompts` returns, from the cache if a checkpoint was asked before.

    The text encoder is a sixth of a released checkpoint and good for nothing else: it is loaded
    once, here.
    """
    path = cache_folder() / "prompts" / f"{_fingerprint(folder)}.safetensors"
    # A cache that cannot be read or written costs time, not the result.
    with contextlib.suppress(InputError, KeyError):
        return read_tensors(path)["prompt_embeds"]
    embeddings = encode_prompts(folder)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as scratch:
            write_tensors(scratch, {"prompt_embeds": embeddings}, torch.float32)
    return embeddings


@torch.inference_mode()
def encode_prompts(folder: Path) -> Tensor:
    """Encode `PROMPTS` with the text encoder of a checkpoint.

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
    config = build(CLIPTextConfig, read_object(path), path)
    tokens = _tokens(folder / "tokenizer", config)
    weights = weights_in(path.parent, TRANSFORMERS)
    encoder = load_module(
        lambda: CLIPTextModel(config),
        weights,
        renamed=lambda name: name.removeprefix("text_model."),
    )
    with described_by(path):
        return encoder(tokens).last_hidden_state


def _tokens(folder: Path, config: CLIPTextConfig) -> Tensor:
    """Turn `PROMPTS` into ``(12, words)`` numbers of words that the text encoder knows."""
    for name in TOKENIZER_FILES:
        if not (folder / name).is_file():
            raise InputError(f"The model lacks {folder / name}.")
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        tokens = tokenizer(
            list(PROMPTS),
            padding="max_length",
            max_length=config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).input_ids
    except Exception as error:  # the library has no kind of its own for files that it rejects
        raise InputError(f"The tokenizer in {folder} cannot be used: {error}.") from None
    if tokens.max() >= config.vocab_size:
        raise InputError(f"The tokenizer in {folder} has more words than the text encoder.")
    return tokens


def _fingerprint(folder: Path) -> str:
    """Return 64 digits that change when the prompts or what encodes them does."""
    files = [weights_in(folder / "text_encoder", TRANSFORMERS), folder / "text_encoder/config.json"]
    files += sorted((folder / "tokenizer").glob("*.*"))
    parts = [*PROMPTS, *(f"{file.name} {digest(file)}" for file in files if file.is_file())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
