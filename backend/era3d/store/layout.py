# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a checkpoint is read from, told from names alone: in a folder or in a hub's listing.

A checkpoint is laid out like the released ones: ``unet``, ``scheduler``, ``image_encoder``,
``feature_extractor``, ``image_normalizer``, ``vae``, ``text_encoder`` and ``tokenizer``. Ours may
hold instead of the last two ``prompt_embeds.safetensors`` (the encoded prompts, and label codes
where the model has some), instead of ``vae`` a ``codec``, and ``sampling.json`` with defaults.
"""

from collections.abc import Collection
from pathlib import Path

from era3d.errors import InputError

# How the two libraries name the weights in a folder, the best first: safetensors cannot hold code.
DIFFUSERS = tuple(
    f"diffusion_pytorch_model{kind}"
    for kind in (".safetensors", ".fp16.safetensors", ".bin", ".fp16.bin")
)
TRANSFORMERS = (
    "model.safetensors",
    "model.fp16.safetensors",
    "pytorch_model.bin",
    "pytorch_model.fp16.bin",
)
PROMPTS_FILE = "prompt_embeds.safetensors"
SAMPLING_FILE = "sampling.json"
CODEC_FILE = "codec/config.json"
TOKENIZER_FILES = ("vocab.json", "merges.txt")

# Of each part: its files, or the names one of which each must have.
_Parts = dict[str, tuple[str | tuple[str, ...], ...]]
_ALWAYS: _Parts = {
    "unet": ("config.json", DIFFUSERS),
    "scheduler": ("scheduler_config.json",),
    "image_encoder": ("config.json", TRANSFORMERS),
    "feature_extractor": ("preprocessor_config.json",),
    "image_normalizer": (DIFFUSERS,),
}
_CODEC: _Parts = {"vae": ("config.json", DIFFUSERS)}
_TEXT: _Parts = {"text_encoder": ("config.json", TRANSFORMERS), "tokenizer": TOKENIZER_FILES}
# Read where they are there, and nothing is amiss where they are not.
_OPTIONAL = (SAMPLING_FILE, "image_normalizer/config.json")
_OPTIONAL_TEXT = ("tokenizer/special_tokens_map.json", "tokenizer/tokenizer_config.json")


def files_of(names: Collection[str]) -> tuple[str, ...]:
    """Choose from all names of files those that a checkpoint is read from.

    Parameters
    ----------
    names : collection of str
        Paths in the checkpoint, with ``/``.

    Raises
    ------
    InputError
        If one is missing; names it.
    """
    names = set(names)
    encoded = PROMPTS_FILE in names
    parts = _ALWAYS | ({} if CODEC_FILE in names else _CODEC) | ({} if encoded else _TEXT)
    chosen = [CODEC_FILE] if CODEC_FILE in names else []
    chosen += [PROMPTS_FILE] if encoded else []
    for folder, wanted in parts.items():
        for choices in wanted:
            chosen.append(_one_of(names, folder, choices))
    optional = _OPTIONAL if encoded else _OPTIONAL + _OPTIONAL_TEXT
    return tuple(sorted([*chosen, *names.intersection(optional)]))


def files_in(folder: Path) -> tuple[str, ...]:
    """Choose the files that the checkpoint in a folder is read from; see `files_of`."""
    # Two levels are all there is; a folder given by mistake may be somebody's whole disk.
    paths = [path for pattern in ("*", "*/*") for path in folder.glob(pattern) if path.is_file()]
    try:
        return files_of({path.relative_to(folder).as_posix() for path in paths})
    except InputError as error:
        raise InputError(f"There is no complete model in {folder}: {error}") from None


def weights_in(folder: Path, names: tuple[str, ...] = DIFFUSERS) -> Path:
    """Return the file of weights in a folder of a checkpoint: the first of ``names``.

    Raises
    ------
    InputError
        If there is none.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"The model lacks {folder / names[0]}.")


def _one_of(names: set[str], folder: str, choices: str | tuple[str, ...]) -> str:
    choices = (choices,) if isinstance(choices, str) else choices
    for choice in choices:
        if f"{folder}/{choice}" in names:
            return f"{folder}/{choice}"
    raise InputError(f"{folder}/{choices[0]} is missing.")
