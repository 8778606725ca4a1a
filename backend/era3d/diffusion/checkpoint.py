# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a folder to a pipeline and back, part by part, never by a class named in a file.

`era3d.store.layout` says which files there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion.codec import Codec, KLCodec, PatchCodec
from era3d.diffusion.conditioning import Preprocessor
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.diffusion.prompts import embed_prompts
from era3d.diffusion.schedules import Presets
from era3d.diffusion.unet import Era3DUNet
from era3d.diffusion.weights import build, described_by, load_module, read_tensors, write_tensors
from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.store.layout import (
    CODEC_FILE,
    DIFFUSERS,
    PROMPTS_FILE,
    SAMPLING_FILE,
    TRANSFORMERS,
    weights_in,
)
from era3d.store.models import model_folder, revision

# What of a vision encoder's configuration shapes the network; the rest is the library's own.
_VISION_KEYS = (
    "hidden_size",
    "intermediate_size",
    "projection_dim",
    "num_hidden_layers",
    "num_attention_heads",
    "num_channels",
    "image_size",
    "patch_size",
    "hidden_act",
    "layer_norm_eps",
)
_FORMER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def load_pipeline(
    model: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Era3DPipeline:
    """Load a model from this machine; nothing is downloaded.

    The host's memory holds at most one copy of the weights meanwhile, and none of those that lie
    in their files as they are wanted: such tensors are the mapped files.

    Parameters
    ----------
    model : str or path
        See `era3d.store.models.model_folder`.
    device : str or torch.device
        Where all parts go.
    dtype : torch.dtype
        Of network and image encoder; the codec stays float32.

    Raises
    ------
    InputError
        If the model is not there, a file is missing or broken, or a tensor is missing,
        superfluous or of the wrong shape.
    """
    return _assemble(model_folder(model), dtype).to(device, dtype)


def check_checkpoint(folder: Path) -> None:
    """Raise what `load_pipeline` would for a folder, at little cost; encodes the prompts.

    Weights stay in their files.
    """
    _assemble(folder, None)


def save_pipeline(
    pipeline: Era3DPipeline, folder: str | Path, dtype: torch.dtype = torch.float16
) -> None:
    """Write a pipeline as a folder that `load_pipeline` reads.

    Parameters
    ----------
    pipeline : Era3DPipeline
    folder : path
        Made if need be; files of the same names are replaced.
    dtype : torch.dtype
        Of the weights in the files.
    """
    folder = Path(folder)
    _write_config(folder / "unet" / "config.json", pipeline.unet.config)
    write_tensors(folder / "unet" / DIFFUSERS[0], pipeline.unet.state_dict(), dtype)
    _write_config(folder / "scheduler" / "scheduler_config.json", pipeline.scheduler.config)
    _save_codec(pipeline.codec, folder, dtype)
    vision = pipeline.image_encoder
    config = {key: getattr(vision.config, key) for key in _VISION_KEYS}
    _write_config(folder / "image_encoder" / "config.json", config)
    write_tensors(folder / "image_encoder" / TRANSFORMERS[0], vision.state_dict(), dtype)
    _save_preprocessor(pipeline.preprocessor, folder / "feature_extractor")
    statistics = {"mean": pipeline.embedding_mean, "std": pipeline.embedding_std}
    _write_config(
        folder / "image_normalizer" / "config.json",
        {"embedding_dim": pipeline.embedding_mean.shape[-1]},
    )
    write_tensors(folder / "image_normalizer" / DIFFUSERS[0], statistics, dtype)
    prompts = {"prompt_embeds": pipeline.prompts, "label_codes": pipeline.label_codes}
    write_tensors(folder / PROMPTS_FILE, prompts, dtype)
    _write_config(folder / SAMPLING_FILE, pipeline.presets.as_dict())


def _assemble(folder: Path, dtype: torch.dtype | None) -> Era3DPipeline:
    """Load all parts into the host's memory; without ``dtype`` as precise as their files are."""
    # Small parts first, so that most of what can be wrong is told at once.
    mean, std = _load_statistics(folder / "image_normalizer")
    # Before anything stays in memory: the text encoder that this may need does not.
    prompts, codes = _load_prompts(folder)
    parts: dict[str, Any] = {
        "scheduler": _load_scheduler(folder / "scheduler" / "scheduler_config.json"),
        "preprocessor": _load_preprocessor(folder / "feature_extractor"),
        "presets": _load_presets(folder / SAMPLING_FILE),
        "codec": _load_codec(folder),
    }
    parts["image_encoder"] = _load_image_encoder(folder / "image_encoder", dtype)
    unet = _load_unet(folder / "unet", dtype)
    with described_by(folder / "unet" / "config.json"):
        return Era3DPipeline(
            unet=unet,
            embedding_mean=mean,
            embedding_std=std,
            prompts=prompts,
            label_codes=codes,
            revision=revision(folder),
            **parts,
        )


def _write_config(path: Path, content: Mapping[str, Any]) -> None:
    """Write a configuration, leaving out the private keys that libraries add."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_object(path, {key: content[key] for key in sorted(content) if key[0] != "_"})


def _load_unet(folder: Path, dtype: torch.dtype | None) -> Era3DUNet:
    config = read_object(folder / "config.json")

    def make() -> Era3DUNet:
        try:
            return Era3DUNet.from_config(config)
        except (TypeError, ValueError) as error:
            raise InputError(f"{folder / 'config.json'}: {error}.") from None

    return load_module(make, weights_in(folder), dtype)


def _load_codec(folder: Path) -> Codec:
    """Load ``codec``, or ``vae`` where there is no ``codec``."""
    path = folder / CODEC_FILE
    if path.is_file():
        config = read_object(path)
        if config.get("type") != "patch":
            raise InputError(f"{path} names the unknown codec {config.get('type')!r}.")
        return build(PatchCodec, config, path)
    # Takes most of the time that importing all parts takes, and the small model has none.
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    path = folder / "vae" / "config.json"
    config = read_object(path)
    types = {*config.get("down_block_types", ()), *config.get("up_block_types", ())}
    if not types <= {"DownEncoderBlock2D", "UpDecoderBlock2D"}:
        raise InputError(f"{path} describes an unknown kind of autoencoder.")
    vae = load_module(
        lambda: build(AutoencoderKL, config, path),
        weights_in(path.parent),
        renamed=_present_name,
    )
    return KLCodec(vae)


def _present_name(name: str) -> str:
    """Return what diffusers calls a tensor of an autoencoder today: until 0.13 by other names."""
    stem, _, kind = name.rpartition(".")
    parent, _, layer = stem.rpartition(".")
    return f"{parent}.{_FORMER_NAMES[layer]}.{kind}" if layer in _FORMER_NAMES else name


def _save_codec(codec: Codec, folder: Path, dtype: torch.dtype) -> None:
    if isinstance(codec, PatchCodec):
        config = {"type": "patch", "patch": codec.factor, "scale": codec.scale}
        _write_config(folder / "codec" / "config.json", config)
    elif isinstance(codec, KLCodec):
        _write_config(folder / "vae" / "config.json", codec.vae.config)
        write_tensors(folder / "vae" / DIFFUSERS[0], codec.vae.state_dict(), dtype)
    else:
        raise TypeError(f"there is no file format for a {type(codec).__name__}")


def _load_scheduler(path: Path) -> DDIMScheduler:
    return build(DDIMScheduler, read_object(path), path)


def _load_image_encoder(folder: Path, dtype: torch.dtype | None) -> CLIPVisionModelWithProjection:
    path = folder / "config.json"
    shape = {key: value for key, value in read_object(path).items() if key in _VISION_KEYS}
    config = build(CLIPVisionConfig, shape, path)
    weights = weights_in(folder, TRANSFORMERS)
    return load_module(lambda: CLIPVisionModelWithProjection(config), weights, dtype)


def _load_preprocessor(folder: Path) -> Preprocessor:
    path = folder / "preprocessor_config.json"
    config = read_object(path)
    try:
        size = config["size"]["shortest_edge"]
        # The picture is square, so nothing is left to crop.
        if config["crop_size"] != {"height": size, "width": size}:
            raise InputError(f"{path} crops to another size than it scales to.")
        return Preprocessor(size, tuple(config["image_mean"]), tuple(config["image_std"]))
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} lacks {error}.") from None


def _save_preprocessor(preprocessor: Preprocessor, folder: Path) -> None:
    size = preprocessor.size
    config = {
        "size": {"shortest_edge": size},
        "crop_size": {"height": size, "width": size},
        "image_mean": preprocessor.mean,
        "image_std": preprocessor.std,
        "resample": 3,
    }
    _write_config(folder / "preprocessor_config.json", config)


def _load_statistics(folder: Path) -> tuple[Tensor, Tensor]:
    path = weights_in(folder)
    tensors = read_tensors(path)
    _check_names(tensors, {"mean", "std"}, set(), path)
    return tensors["mean"], tensors["std"]


def _load_prompts(folder: Path) -> tuple[Tensor, Tensor | None]:
    """Read the encoded prompts, or encode them, once."""
    path = folder / PROMPTS_FILE
    if not path.is_file():
        return embed_prompts(folder), None
    tensors = read_tensors(path)
    _check_names(tensors, {"prompt_embeds"}, {"label_codes"}, path)
    return tensors["prompt_embeds"], tensors.get("label_codes")


def _load_presets(path: Path) -> Presets:
    return Presets.parse(read_object(path)) if path.is_file() else Presets()


def _check_names(
    tensors: Mapping[str, Any], wanted: set[str], allowed: set[str], where: Path
) -> None:
    missing, extra = wanted - set(tensors), set(tensors) - wanted - allowed
    if missing or extra:
        what = f"{min(missing)} is missing" if missing else f"{min(extra)} is not part of it"
        raise InputError(f"The weights in {where} do not fit: {what}.")
