# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are read, of all that a hub or a folder may hold."""

import pytest

from era3d.errors import InputError
from era3d.store.layout import files_in, files_of
from era3d.store.models import MINI_FOLDER

RELEASED = {
    "feature_extractor/preprocessor_config.json",
    "image_encoder/config.json",
    "image_encoder/model.safetensors",
    "image_normalizer/config.json",
    "image_normalizer/diffusion_pytorch_model.safetensors",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
}
OTHERS = {"README.md", "model_index.json", "image_noising_scheduler/scheduler_config.json"}


def test_what_is_needed_is_chosen():
    assert set(files_of(RELEASED | OTHERS)) == RELEASED


def test_of_several_formats_the_safe_one_is_chosen():
    others = {
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "text_encoder/pytorch_model.bin",
    }
    assert set(files_of(RELEASED | others)) == RELEASED
    safe = "unet/diffusion_pytorch_model.safetensors"
    chosen = files_of(RELEASED - {safe} | others)
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in chosen
    assert "unet/diffusion_pytorch_model.bin" not in chosen


def test_encoded_prompts_make_the_text_encoder_needless():
    chosen = files_of(RELEASED | {"prompt_embeds.safetensors"})
    assert not any(name.startswith(("text_encoder", "tokenizer")) for name in chosen)


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_what_is_missing_is_named(name):
    optional = ("image_normalizer/config.json", "tokenizer/special", "tokenizer/tokenizer_")
    if name.startswith(optional):
        assert name not in files_of(RELEASED - {name})
    else:
        with pytest.raises(InputError, match=f"{name} is missing"):
            files_of(RELEASED - {name})


def test_the_model_that_ships_is_complete():
    chosen = files_in(MINI_FOLDER)
    assert "codec/config.json" in chosen
    assert "README.md" not in chosen
    assert "training.json" not in chosen


def test_a_folder_is_not_searched_to_the_bottom(tmp_path):
    (tmp_path / "a/b/unet").mkdir(parents=True)
    with pytest.raises(InputError, match="There is no complete model in"):
        files_in(tmp_path)
