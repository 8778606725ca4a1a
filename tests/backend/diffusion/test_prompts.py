# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoding the prompts, with a text encoder made here."""

import json

import pytest
import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from era3d.diffusion.prompts import PROMPTS, encode_prompts
from era3d.errors import InputError
from tests.backend.diffusion.golden import difference

# An alphabet is a complete vocabulary: without merges every letter is a token.
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_,."


@pytest.fixture
def text_model(tmp_path):
    torch.manual_seed(0)
    words = ["!", *LETTERS, *(f"{x}</w>" for x in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer/vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (tmp_path / "tokenizer/merges.txt").write_text("#version: 0.2\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "pad_token": "!", "model_max_length": 77}
    (tmp_path / "tokenizer/tokenizer_config.json").write_text(json.dumps(settings))
    config = {
        "vocab_size": len(words),
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 77,
        "hidden_act": "gelu",
    }
    model = CLIPTextModel(CLIPTextConfig(**config))
    (tmp_path / "text_encoder").mkdir()
    (tmp_path / "text_encoder/config.json").write_text(json.dumps(config))
    weights = {f"text_model.{k}": v.half() for k, v in model.state_dict().items()}
    save_file(weights, tmp_path / "text_encoder/model.safetensors")
    return tmp_path


def test_prompts_name_view_and_domain_in_order():
    assert PROMPTS[0] == "a rendering image of 3D models, front view, normal map."
    assert PROMPTS[7] == "a rendering image of 3D models, front_right view, color map."
    assert len(set(PROMPTS)) == 12


def test_embeddings_follow_the_prompts(text_model):
    """A token sees those before it only, so embeddings part where the texts do."""
    embeddings = encode_prompts(text_model)
    assert embeddings.shape == (12, 77, 16)
    assert embeddings.dtype == torch.float32
    letters = [text.replace(" ", "") for text in PROMPTS]
    for a, b in ((0, 1), (0, 6), (1, 5)):
        same = next(
            i
            for i, pair in enumerate(zip(letters[a], letters[b], strict=False))
            if len({*pair}) == 2
        )
        same -= letters[a][same - 1] != letters[b][same - 1]
        start = 1 + same  # after the start token
        assert difference(embeddings[a, : start - 1], embeddings[b, : start - 1]) < 1e-5
        assert difference(embeddings[a, start], embeddings[b, start]) > 1e-3


def test_missing_files_are_named(text_model):
    (text_model / "tokenizer/merges.txt").unlink()
    with pytest.raises(InputError, match=r"merges\.txt"):
        encode_prompts(text_model)
