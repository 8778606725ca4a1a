# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codecs between pictures and the latents that the network works on."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL


class Codec(nn.Module):
    """Pictures ``(n, 3, S, S)`` in [0, 1] to latents ``(n, channels, S / factor, S / factor)``."""

    channels: int
    factor: int
    plane_channels = 0

    @property
    def condition_channels(self) -> int:
        """Channels of what the network is given beside the noisy latents."""
        return self.channels + self.plane_channels

    @abstractmethod
    def encode(self, images: Tensor) -> Tensor:
        """Turn pictures into latents; draws no random numbers."""

    @abstractmethod
    def decode(self, latents: Tensor) -> Tensor:
        """Turn latents into pictures, clamped to [0, 1]."""

    @abstractmethod
    def preview(self, latents: Tensor) -> Tensor:
        """Turn latents into pictures of any size, cheaply, wherever the latents are."""

    def planes(self, latents: Tensor) -> Tensor:
        """Return fixed planes ``(n, plane_channels, h, w)`` that accompany latents."""
        return latents.new_empty((len(latents), 0, *latents.shape[2:]))

    def condition(self, images: Tensor) -> Tensor:
        """Return what the network is told of pictures, ``(n, condition_channels, h, w)``."""
        latents = self.encode(images)
        return torch.cat([latents, self.planes(latents)], dim=1)

    def no_condition(self, condition: Tensor) -> Tensor:
        """Return a condition of the same shape that tells nothing about the picture."""
        latents = torch.zeros_like(condition[:, : self.channels])
        return torch.cat([latents, self.planes(latents)], dim=1)


# What one unit of each latent channel of Stable Diffusion's autoencoder adds to red, green and blue
# in [-1, 1], roughly: keturn, "Decoding latents to RGB without upscaling", discuss.huggingface.co
# topic 23204. Fitted to version 1.4; version 2.1 has the same encoder.
_SD_LATENT_TO_RGB = (
    (0.298, 0.207, 0.208),
    (0.187, 0.286, 0.173),
    (-0.158, 0.189, 0.264),
    (-0.184, -0.271, -0.473),
)


class KLCodec(Codec):
    """Stable Diffusion's autoencoder; encoding takes the mode of its distribution."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae
        self.channels = vae.config["latent_channels"]
        self.factor = 2 ** (len(vae.config["block_out_channels"]) - 1)
        self.scaling = vae.config["scaling_factor"]

    def encode(self, images: Tensor) -> Tensor:
        """See `Codec.encode`."""
        return self.vae.encode(2 * images - 1).latent_dist.mode() * self.scaling

    def decode(self, latents: Tensor) -> Tensor:
        """See `Codec.decode`; one picture at a time, which needs a fraction of the memory."""
        pictures = [self.vae.decode(one / self.scaling).sample for one in latents.split(1)]
        return (torch.cat(pictures) / 2 + 0.5).clamp(0, 1)

    def preview(self, latents: Tensor) -> Tensor:
        """See `Codec.preview`; a pixel for each position."""
        factors = latents.new_tensor(_SD_LATENT_TO_RGB)
        pictures = torch.einsum("nchw,cr->nrhw", latents, factors)
        return (pictures / 2 + 0.5).clamp(0, 1)


class PatchCodec(Codec):
    """A fixed orthonormal transform of square patches (DCT-II); nothing to train, nothing lost.

    Parameters
    ----------
    patch : int
        Side of a patch in pixels. A patch becomes ``3 * patch ** 2`` channels of one position.
    scale : float
        Factor on the latents. The transform keeps mean squares, and pictures on white have one of
        about 1 in [-1, 1], so 1 gives latents of about unit mean square.

    Notes
    -----
    Attention along image rows has no positional encoding. The condition therefore carries four
    planes: x and y of each position in [-1, 1], right and down, and cos(pi x), cos(pi y).
    """

    plane_channels = 4
    filters: Tensor

    def __init__(self, patch: int, scale: float = 1.0) -> None:
        super().__init__()
        self.factor = patch
        self.scale = scale
        self.channels = 3 * patch**2
        self.register_buffer("filters", _dct_filters(patch), persistent=False)

    def encode(self, images: Tensor) -> Tensor:
        """See `Codec.encode`; channels are ordered colour, vertical, horizontal frequency."""
        return F.conv2d(2 * images - 1, self.filters, stride=self.factor) * self.scale

    def decode(self, latents: Tensor) -> Tensor:
        """See `Codec.decode`."""
        filters = self.filters.to(latents.device)
        pictures = F.conv_transpose2d(latents / self.scale, filters, stride=self.factor)
        return (pictures / 2 + 0.5).clamp(0, 1)

    def preview(self, latents: Tensor) -> Tensor:
        """See `Codec.preview`; the pictures themselves, which cost next to nothing."""
        return self.decode(latents)

    def planes(self, latents: Tensor) -> Tensor:
        """See `Codec.planes` and the notes of the class."""
        y, x = torch.meshgrid(*(_centres(n, latents) for n in latents.shape[2:]), indexing="ij")
        planes = torch.stack([x, y, torch.cos(math.pi * x), torch.cos(math.pi * y)])
        return planes.expand(len(latents), -1, -1, -1)


def _dct_filters(patch: int) -> Tensor:
    """Rows of the orthonormal transform as convolution filters ``(3 p^2, 3, p, p)``."""
    frequency = torch.arange(patch, dtype=torch.float64)[:, None]
    position = torch.arange(patch, dtype=torch.float64)[None, :] + 0.5
    basis = torch.cos(math.pi / patch * frequency * position) * math.sqrt(2 / patch)
    basis[0] /= math.sqrt(2)
    planes = torch.einsum("uy,vx->uvyx", basis, basis).flatten(0, 1)
    filters = torch.zeros(3, patch**2, 3, patch, patch, dtype=torch.float64)
    for color in range(3):
        filters[color, :, color] = planes
    return filters.flatten(0, 1).float()


def _centres(count: int, like: Tensor) -> Tensor:
    """Centres of ``count`` positions across [-1, 1]."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) * 2 + 1) / count - 1
