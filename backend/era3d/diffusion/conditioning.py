# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network is told of the picture: latents beside the noise, an embedding as a label."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from era3d.errors import InputError
from era3d.prepare import compose_on_white

# Era3D was trained with image embeddings noised at level 0 of the squared-cosine schedule (1000
# steps): this is what the schedule leaves of the embedding, as a share of its variance.
_LEVEL_0 = (
    math.cos((0.001 + 0.008) / 1.008 * math.pi / 2) / math.cos(0.008 / 1.008 * math.pi / 2)
) ** 2


class Inputs(NamedTuple):
    """What the network is given besides noisy latents, one row for each image of its batch."""

    condition: Tensor
    prompts: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Preprocessor:
    """What the image encoder wants: ``size`` pixels square, per-channel mean and deviation."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, picture: NDArray[np.uint8]) -> Tensor:
        """Turn ``(S, S, 3)`` into ``(1, 3, size, size)``; bicubic as Pillow does it."""
        pixels = _resize(picture, self.size, Image.Resampling.BICUBIC).astype(np.float32) / 255
        scaled = (pixels - np.array(self.mean)) / np.array(self.std)
        return torch.from_numpy(scaled.astype(np.float32)).permute(2, 0, 1)[None]


def fit_picture(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Put a picture (S, S, 3) or (S, S, 4) on white and scale it to ``(size, size, 3)``.

    Raises
    ------
    InputError
        If it is not square, RGB or RGBA.
    """
    square = picture.ndim == 3 and picture.shape[0] == picture.shape[1]
    if not square or picture.shape[2] not in (3, 4):
        raise InputError(f"The picture is {picture.shape}; it must be square, RGB or RGBA.")
    if picture.shape[2] == 4:
        picture = compose_on_white(Image.fromarray(picture))
    # Shrinking averages pixels as the renderer of the training pictures does.
    method = Image.Resampling.BOX if size < len(picture) else Image.Resampling.BICUBIC
    return _resize(picture, size, method)


def labels_of(embedding: Tensor, noise: Tensor, mean: Tensor, std: Tensor, codes: Tensor) -> Tensor:
    """Noise an image embedding as in training, and append the codes.

    Parameters
    ----------
    embedding, mean, std : (1, n) Tensor
        The embedding, and the statistics of embeddings, to which the noise is relative.
    noise : (images, n) Tensor
        Standard normal.
    codes : (images, k) Tensor

    Returns
    -------
    (images, n + k) Tensor
    """
    standard = (embedding - mean) / std
    noised = math.sqrt(_LEVEL_0) * standard + math.sqrt(1 - _LEVEL_0) * noise
    return torch.cat([noised * std + mean, codes], dim=1)


def level_0_codes(width: int, count: int) -> Tensor:
    """Return the sinusoidal code of noise level 0: cosines, all 1, then sines, all 0."""
    half = width // 2
    return torch.cat([torch.ones(count, half), torch.zeros(count, half)], dim=1)


def _resize(picture: NDArray[np.uint8], size: int, method: Image.Resampling) -> NDArray[np.uint8]:
    if len(picture) == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize((size, size), method))
