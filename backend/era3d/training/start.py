# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where training begins: a new small model, a finished one, or Stable Diffusion 2.1 unCLIP."""

import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion.checkpoint import load_pipeline
from era3d.diffusion.codec import PatchCodec
from era3d.diffusion.conditioning import Preprocessor
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.diffusion.schedules import Presets, Sampling
from era3d.diffusion.unet import Era3DUNet
from era3d.diffusion.weights import WeightFile, described_by, write_tensors
from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.store.layout import DIFFUSERS, weights_in
from era3d.store.models import model_folder
from era3d.training.config import ModelConfig, TrainConfig

IMAGES = 12
# Samples that start from noise alone are most of the training: one step is best, and quickest.
PRESETS = Presets(
    draft=Sampling(1, 1.0, 0.0), standard=Sampling(1, 1.0, 0.0), reference=Sampling(40, 1.0, 1.0)
)
_SCHEDULE: dict[str, Any] = {
    "beta_schedule": "linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
    "set_alpha_to_one": True,
    "timestep_spacing": "trailing",
}
_KEPT = ("feature_extractor", "image_encoder", "image_normalizer", "text_encoder", "tokenizer")


def begin(config: TrainConfig, out: Path) -> Era3DPipeline:
    """The pipeline that a run starts from; with another's image encoder, if that is asked for.

    Parameters
    ----------
    config : TrainConfig
    out : Path
        The run's folder; a converted Stable Diffusion is kept there as ``start``.

    Raises
    ------
    InputError
        If the model to start from is not there or is of another kind.
    """
    pipeline = _own_start(config, out)
    return _with_encoder(pipeline, config.encoder) if config.encoder else pipeline


def _own_start(config: TrainConfig, out: Path) -> Era3DPipeline:
    if not config.start:
        return new_pipeline(config.model, config.prediction)
    folder = Path(config.start).expanduser()
    if is_unclip(folder):
        # The converted scheduler is written last, so that it tells of a finished conversion.
        if not (out / "start" / "scheduler").is_dir():
            convert_unclip(folder, out / "start")
        folder = out / "start"
    pipeline = load_pipeline(model_folder(config.start) if folder != out / "start" else folder)
    kind = pipeline.scheduler.config["prediction_type"]
    if kind != config.prediction:
        raise InputError(
            f"The model '{config.start}' predicts '{kind}': set prediction to that, not to "
            f"'{config.prediction}'."
        )
    return pipeline


def _with_encoder(pipeline: Era3DPipeline, model: str) -> Era3DPipeline:
    """The pipeline with the image encoder of another model, whose embeddings are as wide."""
    other = load_pipeline(model_folder(model))
    ours, theirs = (p.embedding_mean.shape[-1] for p in (pipeline, other))
    if ours != theirs:
        raise InputError(
            f"The image encoder of '{model}' does not fit: its embeddings have {theirs} numbers, "
            f"not {ours}."
        )
    return Era3DPipeline(
        pipeline.unet,
        pipeline.codec,
        pipeline.scheduler,
        other.image_encoder,
        other.preprocessor,
        other.embedding_mean,
        other.embedding_std,
        pipeline.prompts,
        pipeline.label_codes,
        pipeline.presets,
    )


def scheduler(prediction: str, from_noise: bool) -> DDIMScheduler:
    """Era3D's linear schedule; `from_noise` rescales it so that the last step is noise only."""
    return DDIMScheduler(**_SCHEDULE, prediction_type=prediction, rescale_betas_zero_snr=from_noise)


def new_pipeline(config: ModelConfig, prediction: str = "sample") -> Era3DPipeline:
    """A small pipeline with random weights, of the sizes in a configuration.

    View and domain of an image are told twice: by its prompt tokens, and by a code behind the image
    embedding in its class label, which an untrained network hears sooner.
    """
    codec = PatchCodec(config.patch)
    unet = _unet(config, codec)
    encoder = _image_encoder(config)
    prompts = torch.randn(IMAGES, config.prompt_words, config.prompt_width)
    _start_from_white(unet, codec)
    half = (0.5, 0.5, 0.5)
    return Era3DPipeline(
        unet,
        codec,
        scheduler(prediction, True),
        encoder,
        Preprocessor(config.image_size, half, half),
        torch.zeros(1, config.embedding),
        torch.ones(1, config.embedding),
        prompts,
        torch.eye(IMAGES) * IMAGES**0.5,
        PRESETS,
    )


def _start_from_white(unet: Era3DUNet, codec: PatchCodec) -> None:
    """Let the network begin deaf to noise, with white as its zero."""
    white = codec.encode(torch.ones(1, 3, codec.factor, codec.factor))[0, :, 0, 0]
    conv, last = unet.conv_in, unet.conv_out
    assert conv.bias is not None
    assert last.bias is not None
    with torch.no_grad():
        conv.weight[:, : codec.channels] = 0
        told = conv.weight[:, codec.channels : 2 * codec.channels]
        conv.bias.copy_(-torch.einsum("oikl,i->o", told, white))
        last.weight.mul_(0.1)
        last.bias.copy_(0.8 * white)


def _unet(config: ModelConfig, codec: PatchCodec) -> Era3DUNet:
    blocks = {True: "CrossAttnDownBlockMV2D", False: "DownBlock2D"}
    return Era3DUNet(
        sample_size=config.image_size // config.patch,
        in_channels=codec.channels + codec.condition_channels,
        out_channels=codec.channels,
        block_out_channels=config.widths,
        attention_head_dim=[width // config.head_size for width in config.widths],
        layers_per_block=config.layers,
        down_block_types=[blocks[attends] for attends in config.attention],
        cross_attention_dim=config.prompt_width,
        projection_class_embeddings_input_dim=config.embedding + IMAGES,
        num_regress_blocks=config.regressor_layers,
        regress_hidden_size=config.regressor_width,
        norm_num_groups=config.norm_groups,
    )


def _image_encoder(config: ModelConfig) -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=config.encoder_width,
            intermediate_size=4 * config.encoder_width,
            projection_dim=config.embedding,
            num_hidden_layers=config.encoder_layers,
            num_attention_heads=config.encoder_width // config.head_size,
            image_size=config.image_size,
            patch_size=config.encoder_patch,
            hidden_act="gelu",
        )
    )


def is_unclip(folder: Path) -> bool:
    """Whether a folder holds an image variation model whose network looks at one image."""
    path = folder / "unet" / "config.json"
    return path.is_file() and read_object(path).get("_class_name") == "UNet2DConditionModel"


def convert_unclip(folder: Path, out: Path) -> None:
    """Write the Era3D model that a Stable Diffusion 2.1 unCLIP folder is the beginning of.

    The network gets as many more input channels as it has, for the photo's latents, with weights
    of zero; row-wise attention whose output is zero; and the camera regressors. So the model
    begins by drawing twelve variations that know nothing of each other. Noise follows Era3D's
    linear schedule.

    Parameters
    ----------
    folder : Path
        ``unet``, ``vae``, ``image_encoder``, ``text_encoder`` and the rest, as diffusers saves
        them.
    out : Path
        The new folder; other parts than the network are copied.

    Raises
    ------
    InputError
        If the network has tensors that Era3D's lacks.
    """
    config = read_object(folder / "unet" / "config.json")
    unet = _widened(config, folder)
    for part in (*_KEPT, "vae"):
        shutil.copytree(folder / part, out / part, dirs_exist_ok=True)
    (out / "unet").mkdir(parents=True, exist_ok=True)
    told = {key: value for key, value in unet.config.items() if key[0] != "_"}
    write_object(out / "unet" / "config.json", told)
    write_tensors(out / "unet" / DIFFUSERS[0], unet.state_dict(), torch.float32)
    (out / "scheduler").mkdir(exist_ok=True)
    told = dict(scheduler("v_prediction", False).config)
    write_object(out / "scheduler" / "scheduler_config.json", told)


def _widened(config: dict[str, Any], folder: Path) -> Era3DUNet:
    """Era3D's network around the weights of an ordinary one."""
    levels = [
        name.replace("CrossAttnDownBlock2D", "CrossAttnDownBlockMV2D")
        for name in config["down_block_types"]
    ]
    own = {
        "in_channels": 2 * config["in_channels"],
        "down_block_types": levels,
        "up_block_types": None,
        "regress_hidden_size": config["block_out_channels"][-1],
    }
    own["mid_block_type"] = "UNetMidBlockMV2DCrossAttn"
    with described_by(folder / "unet" / "config.json"):
        unet = Era3DUNet.from_config(config | own)
    file = WeightFile(weights_in(folder / "unet"))
    wanted = unet.state_dict()
    stray = [name for name in file.entries if name not in wanted]
    if stray:
        raise InputError(f"'{folder}' is no Stable Diffusion 2.1 unCLIP: {min(stray)} is strange.")
    for names in file.portions(file.entries):
        for name, tensor in file.read(names).items():
            _take(wanted[name], tensor.float(), name)
    return unet


def _take(own: Tensor, given: Tensor, name: str) -> None:
    """Copy a tensor; what is wider in ours gets zeros."""
    if name == "conv_in.weight":
        given = torch.cat([given, torch.zeros_like(given)], 1)
    if own.shape != given.shape:
        raise InputError(f"The weights do not fit: {name} is {tuple(given.shape)}.")
    own.copy_(given)
