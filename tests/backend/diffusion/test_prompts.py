# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoding the prompts, with a text encoder made here."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from era3d.diffusion import load_pipeline, prompts
from era3d.diffusion.prompts import PROMPTS, embed_prompts, encode_prompts
from era3d.errors import InputError
from tests.backend.diffusion.checkpoints import write_released, write_text_model
from tests.backend.diffusion.golden import difference


@pytest.fixture
def text_model(tmp_path):
    write_text_model(tmp_path, 16)
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


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer/vocab.json", "{", "cannot be used"),
        ("tokenizer/vocab.json", "[]", "cannot be used"),
        ("tokenizer/tokenizer_config.json", '{"pad_token": 3}', "cannot be used"),
        ("text_encoder/config.json", None, "more words than the text encoder"),
    ],
)
def test_files_that_make_no_sense_are_named(text_model, file, content, message):
    if content is None:
        config = json.loads((text_model / file).read_text())
        content = json.dumps(config | {"vocab_size": 40})
    (text_model / file).write_text(content)
    with pytest.raises(InputError, match=rf"tokenizer.*{message}"):
        encode_prompts(text_model)


@pytest.mark.parametrize("setting", [{"num_attention_heads": -1}, {"eos_token_id": None}])
def test_a_text_encoder_that_makes_no_sense_is_named(text_model, setting):
    path = text_model / "text_encoder/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | setting))
    with pytest.raises(InputError, match=r"text_encoder/config\.json does not describe"):
        encode_prompts(text_model)


@pytest.fixture
def count(monkeypatch, tmp_path):
    """How often a text encoder was loaded; nothing is in the cache before."""
    loaded = []
    load = prompts.load_module
    monkeypatch.setenv("ERA3D_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        prompts, "load_module", lambda *given, **more: loaded.append(1) or load(*given, **more)
    )
    return loaded


def test_the_text_encoder_is_loaded_once(text_model, count):
    first = embed_prompts(text_model)
    assert count == [1]
    assert torch.equal(embed_prompts(text_model), first)
    assert torch.equal(encode_prompts(text_model), first)
    assert count == [1, 1]


def test_another_text_encoder_gives_other_prompts(text_model, count):
    first = embed_prompts(text_model)
    path = text_model / "text_encoder/model.safetensors"
    weights = load_file(path)
    weights["text_model.final_layer_norm.bias"] += 1
    save_file(weights, path)
    assert difference(embed_prompts(text_model), first) > 0.9
    merges = text_model / "tokenizer/merges.txt"
    merges.write_text(merges.read_text() + "a b\n")
    with pytest.raises(InputError, match=r"tokenizer.*ab"):  # the cache was not asked
        embed_prompts(text_model)


@pytest.mark.parametrize("damage", ["truncated", "other"])
def test_a_broken_cache_is_made_anew(text_model, count, tmp_path, damage):
    first = embed_prompts(text_model)
    (cached,) = (tmp_path / "home/cache/prompts").iterdir()
    if damage == "truncated":
        cached.write_bytes(cached.read_bytes()[:100])
    else:
        save_file({"something": torch.zeros(1)}, cached)
    assert torch.equal(embed_prompts(text_model), first)
    embed_prompts(text_model)
    assert count == [1, 1]


def test_where_nothing_can_be_written_it_takes_longer(text_model, count, tmp_path):
    (tmp_path / "home").write_text("a file, not a folder")
    assert torch.equal(embed_prompts(text_model), embed_prompts(text_model))
    assert count == [1, 1]


def test_loading_a_model_again_leaves_its_text_encoder_alone(count, tmp_path):
    folder = write_released(tmp_path / "6view")
    first = load_pipeline(folder)
    (folder / "text_encoder/config.json").touch()  # another time of change is no other encoder
    again = load_pipeline(folder, dtype=torch.float16)
    assert count == [1]
    assert torch.equal(first.prompts, again.prompts)
