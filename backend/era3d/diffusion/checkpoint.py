# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a folder to a pipeline and back, part by part, never by a class named in a file.

A folder is laid out like the released checkpoints: ``unet``, ``scheduler``, ``image_encoder``,
``feature_extractor``, ``image_normalizer``, ``vae``, ``text_encoder`` and ``tokenizer``. Ours may
hold instead of the last two ``prompt_embeds.safetensors`` (the encoded prompts, and label codes
where the model has some), instead of ``vae`` a ``codec``, and ``sampling.json`` with defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion.codec import Codec, KLCodec, PatchCodec
from era3d.diffusion.models import model_folder, revision
from era3d.diffusion.pipeline import Era3DPipeline, Preprocessor, Sampling
from era3d.diffusion.prompts import encode_prompts
from era3d.diffusion.unet import Era3DUNet
from era3d.diffusion.weights import (
    DIFFUSERS,
    TRANSFORMERS,
    build,
    load_module,
    read_json,
    read_tensors,
    write_json,
    write_tensors,
)
from era3d.errors import InputError

PROMPTS_FILE = "prompt_embeds.safetensors"
SAMPLING_FILE = "sampling.json"
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


def load_pipeline(model: str | Path, device: str | torch.device = "cpu") -> Era3DPipeline:
    """Load a model from this machine; nothing is downloaded.

    Parameters
    ----------
    model : str or path
        See `era3d.diffusion.models.model_folder`.
    device : str or torch.device
        On CUDA network and image encoder run in float16, elsewhere in float32.

    Raises
    ------
    InputError
        If the model is not there, a file is missing or broken, or a tensor is missing,
        superfluous or of the wrong shape.
    """
    folder = model_folder(model)
    # Small parts first, so that most of what can be wrong is told at once.
    mean, std = _load_statistics(folder / "image_normalizer")
    parts: dict[str, Any] = {
        "scheduler": _load_scheduler(folder / "scheduler" / "scheduler_config.json"),
        "preprocessor": _load_preprocessor(folder / "feature_extractor"),
        "defaults": _load_sampling(folder / SAMPLING_FILE),
        "codec": _load_codec(folder),
        "image_encoder": _load_image_encoder(folder / "image_encoder"),
    }
    prompts, codes = _load_prompts(folder)
    unet = _load_unet(folder / "unet")
    pipeline = Era3DPipeline(
        unet=unet,
        embedding_mean=mean,
        embedding_std=std,
        prompts=prompts,
        label_codes=codes,
        revision=revision(folder),
        **parts,
    )
    half = torch.device(device).type == "cuda"
    return pipeline.to(device, torch.float16 if half else torch.float32)


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
    write_json(folder / "unet" / "config.json", pipeline.unet.config)
    write_tensors(folder / "unet" / DIFFUSERS[0], pipeline.unet.state_dict(), dtype)
    write_json(folder / "scheduler" / "scheduler_config.json", pipeline.scheduler.config)
    _save_codec(pipeline.codec, folder, dtype)
    vision = pipeline.image_encoder
    config = {key: getattr(vision.config, key) for key in _VISION_KEYS}
    write_json(folder / "image_encoder" / "config.json", config)
    write_tensors(folder / "image_encoder" / TRANSFORMERS[0], vision.state_dict(), dtype)
    _save_preprocessor(pipeline.preprocessor, folder / "feature_extractor")
    statistics = {"mean": pipeline.embedding_mean, "std": pipeline.embedding_std}
    write_json(
        folder / "image_normalizer" / "config.json",
        {"embedding_dim": pipeline.embedding_mean.shape[-1]},
    )
    write_tensors(folder / "image_normalizer" / DIFFUSERS[0], statistics, dtype)
    prompts = {"prompt_embeds": pipeline.prompts, "label_codes": pipeline.label_codes}
    write_tensors(folder / PROMPTS_FILE, prompts, dtype)
    write_json(folder / SAMPLING_FILE, asdict(pipeline.defaults))


def _load_unet(folder: Path) -> Era3DUNet:
    config = read_json(folder / "config.json")

    def make() -> Era3DUNet:
        try:
            return Era3DUNet.from_config(config)
        except (TypeError, ValueError) as error:
            raise InputError(f"{folder / 'config.json'}: {error}.") from None

    return load_module(make, read_tensors(folder), folder)


def _load_codec(folder: Path) -> Codec:
    """Load ``codec``, or ``vae`` where there is no ``codec``."""
    path = folder / "codec" / "config.json"
    if path.is_file():
        config = read_json(path)
        if config.get("type") != "patch":
            raise InputError(f"{path} names the unknown codec {config.get('type')!r}.")
        return build(PatchCodec, config, path)
    # Takes most of the time that importing all parts takes, and the small model has none.
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    path = folder / "vae" / "config.json"
    config = read_json(path)
    types = {*config.get("down_block_types", ()), *config.get("up_block_types", ())}
    if not types <= {"DownEncoderBlock2D", "UpDecoderBlock2D"}:
        raise InputError(f"{path} describes an unknown kind of autoencoder.")
    vae = load_module(
        lambda: build(AutoencoderKL, config, path), read_tensors(path.parent), path.parent
    )
    return KLCodec(vae)


def _save_codec(codec: Codec, folder: Path, dtype: torch.dtype) -> None:
    if isinstance(codec, PatchCodec):
        config = {"type": "patch", "patch": codec.factor, "scale": codec.scale}
        write_json(folder / "codec" / "config.json", config)
    elif isinstance(codec, KLCodec):
        write_json(folder / "vae" / "config.json", codec.vae.config)
        write_tensors(folder / "vae" / DIFFUSERS[0], codec.vae.state_dict(), dtype)
    else:
        raise TypeError(f"there is no file format for a {type(codec).__name__}")


def _load_scheduler(path: Path) -> DDIMScheduler:
    return build(DDIMScheduler, read_json(path), path)


def _load_image_encoder(folder: Path) -> CLIPVisionModelWithProjection:
    path = folder / "config.json"
    shape = {key: value for key, value in read_json(path).items() if key in _VISION_KEYS}
    config = build(CLIPVisionConfig, shape, path)
    tensors = read_tensors(folder, TRANSFORMERS)
    return load_module(lambda: CLIPVisionModelWithProjection(config), tensors, folder)


def _load_preprocessor(folder: Path) -> Preprocessor:
    path = folder / "preprocessor_config.json"
    config = read_json(path)
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
    write_json(folder / "preprocessor_config.json", config)


def _load_statistics(folder: Path) -> tuple[Tensor, Tensor]:
    tensors = read_tensors(folder)
    _check_names(tensors, {"mean", "std"}, set(), folder)
    return tensors["mean"].float(), tensors["std"].float()


def _load_prompts(folder: Path) -> tuple[Tensor, Tensor | None]:
    """Read the encoded prompts, or encode them."""
    if not (folder / PROMPTS_FILE).is_file():
        return encode_prompts(folder), None
    tensors = read_tensors(folder, (PROMPTS_FILE, PROMPTS_FILE))
    _check_names(tensors, {"prompt_embeds"}, {"label_codes"}, folder / PROMPTS_FILE)
    codes = tensors.get("label_codes")
    return tensors["prompt_embeds"].float(), None if codes is None else codes.float()


def _load_sampling(path: Path) -> Sampling:
    return build(Sampling, read_json(path), path) if path.is_file() else Sampling()


def _check_names(
    tensors: Mapping[str, Any], wanted: set[str], allowed: set[str], where: Path
) -> None:
    missing, extra = wanted - set(tensors), set(tensors) - wanted - allowed
    if missing or extra:
        what = f"{min(missing)} is missing" if missing else f"{min(extra)} is not part of it"
        raise InputError(f"The weights in {where} do not fit: {what}.")
