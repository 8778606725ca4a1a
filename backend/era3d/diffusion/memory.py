# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way to run a model fits into a device's memory: looked up before anything is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from era3d.devices import GB, Device
from era3d.diffusion.weights import WeightFile
from era3d.errors import InputError
from era3d.files import read_object
from era3d.store.layout import CODEC_FILE, DIFFUSERS, TRANSFORMERS, weights_in

IMAGES = 12
# What no tensor shows: kernels' workspaces, the allocator's gaps.
RESERVE_GB = 0.4


@dataclass(frozen=True)
class Level:
    """A way to run a model; what saves memory costs time.

    Attributes
    ----------
    name : str
    resident : bool
        Image encoder, network and codec stay on the device; else each is there while it works.
    passes : int
        2 runs the unconditional half after the conditional one.
    pieces : int
        Into how many the batch is split in layers that see each image (or row, or pair of images)
        for itself.
    streamed : bool
        The network's layers come from the host's memory one by one.
    """

    name: str
    resident: bool = False
    passes: int = 1
    pieces: int = 1
    streamed: bool = False


LEVELS = (
    Level("resident", resident=True, pieces=2),
    Level("one at a time", pieces=2),
    Level("in pieces", pieces=12),
    Level("two passes", passes=2, pieces=6),
    Level("streamed", passes=2, streamed=True),
)
"""From the fastest to the most frugal."""


@dataclass(frozen=True)
class ModelSizes:
    """What of a model decides on memory.

    Attributes
    ----------
    unet, image_encoder, codec : int
        Numbers of parameters.
    positions : int
        Of one image's latents.
    channels : int
        Into and out of the network.
    width : int
        Channels of the network's finest level.
    pixels : int
        Of one picture.
    codec_width : int
        Channels of the codec's finest level.
    """

    unet: int
    image_encoder: int
    codec: int
    positions: int
    channels: int
    width: int
    pixels: int
    codec_width: int


RELEASED_SIZES = ModelSizes(
    unet=947_664_646,
    image_encoder=632_076_800,
    codec=83_653_863,
    positions=64 * 64,
    channels=12,
    width=320,
    pixels=512 * 512,
    codec_width=128,
)
"""Of the released checkpoint with camera estimate; the other has 28 million parameters less."""


def sizes_in(folder: Path) -> ModelSizes:
    """Read the sizes of a model from its files, of which no weights are loaded.

    Raises
    ------
    InputError
        If a file is missing or broken.
    """
    unet = read_object(folder / "unet" / "config.json")
    patches = (folder / CODEC_FILE).is_file()
    path = folder / CODEC_FILE if patches else folder / "vae" / "config.json"
    codec = read_object(path)
    try:
        width = 3 if patches else codec["block_out_channels"][0]
        factor = codec["patch"] if patches else 2 ** (len(codec["block_out_channels"]) - 1)
        return ModelSizes(
            unet=_count(folder / "unet", DIFFUSERS),
            image_encoder=_count(folder / "image_encoder", TRANSFORMERS),
            codec=0 if patches else _count(folder / "vae", DIFFUSERS),
            positions=unet["sample_size"] ** 2,
            channels=unet["in_channels"] + unet["out_channels"],
            width=unet["block_out_channels"][0],
            pixels=(unet["sample_size"] * factor) ** 2,
            codec_width=width,
        )
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{folder / 'unet' / 'config.json'} or {path} does not describe a model: {error!r}."
        ) from None


def _count(folder: Path, names: tuple[str, ...]) -> int:
    entries = WeightFile(weights_in(folder, names)).entries
    return sum(math.prod(entry.shape) for entry in entries.values())


@dataclass(frozen=True)
class MemoryPlan:
    """How a model is run on a device.

    Attributes
    ----------
    device : str
        PyTorch's name.
    dtype : torch.dtype
        Of network and image encoder.
    levels : tuple of Level
        The one that is used, then those that are left to step down to.
    peak_gb : float
        Of tensors on the device, expected, in `era3d.devices.GB`.
    limit_gb : float or None
        What the user allowed.
    """

    device: str
    dtype: torch.dtype
    levels: tuple[Level, ...]
    peak_gb: float
    limit_gb: float | None = None

    @property
    def level(self) -> Level:
        """The one that is used."""
        return self.levels[0]


def plan(device: Device, sizes: ModelSizes, limit_gb: float | None = None) -> MemoryPlan:
    """Choose the fastest level that fits.

    Parameters
    ----------
    device : Device
    sizes : ModelSizes
    limit_gb : float, optional
        Use no more than this; by default what is free.

    Raises
    ------
    InputError
        If not even the most frugal level fits.
    """
    dtype = dtype_for(device)
    available = min(device.free_gb, limit_gb or device.free_gb)
    for index, level in enumerate(LEVELS):
        peak = peak_gb(level, sizes, dtype, device.unified)
        if peak + RESERVE_GB <= available:
            return MemoryPlan(device.torch, dtype, LEVELS[index:], peak, limit_gb)
    raise InputError(_too_small(device, peak + RESERVE_GB, available, limit_gb))


def whole(device: str | torch.device, dtype: torch.dtype = torch.float32) -> MemoryPlan:
    """Plan as if memory were no question: for tests, training and small models."""
    level = replace(LEVELS[0], pieces=1)
    return MemoryPlan(str(device), dtype, (level, *LEVELS[1:]), 0.0)


def dtype_for(device: Device) -> torch.dtype:
    """Choose what network and image encoder compute in.

    float16, in which the released weights were used, is eight times as exact as bfloat16. It holds
    only where attention is one fused kernel, as on NVIDIA's and AMD's cards: elsewhere the products
    of queries and keys of Stable Diffusion 2.1, of which Era3D is a child, may overflow.
    """
    if device.kind in ("cuda", "rocm") and device.supports_fp16:
        return torch.float16
    return torch.bfloat16 if device.supports_bf16 else torch.float32


def peak_gb(level: Level, sizes: ModelSizes, dtype: torch.dtype, unified: bool = False) -> float:
    """Expect the most memory that tensors take at a level, in `era3d.devices.GB`.

    Of a device that shares the host's memory, no weights can be moved away.
    """
    unet, encoder = sizes.unet * dtype.itemsize, sizes.image_encoder * dtype.itemsize
    codec = sizes.codec * torch.float32.itemsize
    if level.streamed and not unified:
        unet = 0
    # Counted on the released network: skip connections and residuals are held whole; the largest
    # layer is the feed-forward one of the finest level, which is done in pieces.
    held = sizes.width * (8 + 16 / level.pieces) + sizes.channels
    network = held * sizes.positions * 2 * IMAGES / level.passes * dtype.itemsize
    picture = 7 * sizes.codec_width * sizes.pixels * torch.float32.itemsize
    if level.resident or unified:
        return (unet + encoder + codec + max(network, picture)) / GB
    return max(unet + network, codec + picture, encoder) / GB


def _too_small(device: Device, needed: float, available: float, limit_gb: float | None) -> str:
    limited = limit_gb is not None and limit_gb < device.free_gb
    ways_out = ["raise --vram-limit" if limited else "close other programs"]
    ways_out += [] if device.kind == "cpu" else ["choose --device cpu"]
    return (
        f"{device.name} has {available:.1f} GB of memory to offer and this model needs "
        f"{needed:.1f} GB even at its slowest: {', '.join(ways_out)}, or choose the model mini."
    )
