# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a pipeline that are trained together: network, image encoder and prompt tokens."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from era3d.diffusion.conditioning import labels_of
from era3d.diffusion.pipeline import Era3DPipeline

IMAGES = 12


class Predicted(NamedTuple):
    """What the network says of a batch of objects.

    ``latents`` is (12, n, C, h, w); ``pose`` is (n, 2), the camera by the regressors, and ``sight``
    (n + m, 2), that by the image embedding alone, of further photos too; None where nothing tells.
    """

    latents: Tensor
    pose: Tensor | None
    sight: Tensor | None


class Trainee(nn.Module):
    """Everything of a pipeline that has weights to train; its codec is left alone.

    Parameters
    ----------
    pipeline : Era3DPipeline
        Is trained in place, but for the prompts.
    freeze : tuple of str
        See `era3d.training.config.TrainConfig`.
    sees : bool
        Whether a camera is read from the image embedding as well. Only training uses it.
    """

    codes: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self, pipeline: Era3DPipeline, freeze: tuple[str, ...] = (), sees: bool = False
    ) -> None:
        super().__init__()
        self.unet = _trainable(pipeline.unet)
        encoder = pipeline.image_encoder
        self.image_encoder = encoder if "image_encoder" in freeze else _trainable(encoder)
        self.prompts = nn.Parameter(pipeline.prompts.clone(), "prompts" not in freeze)
        self.sight = nn.Linear(pipeline.embedding_mean.shape[-1], 2) if sees else None
        self.register_buffer("codes", pipeline.label_codes)
        self.register_buffer("mean", pipeline.embedding_mean)
        self.register_buffer("std", pipeline.embedding_std)
        self._preprocessor = pipeline.preprocessor

    def learned(self) -> dict[str, nn.Parameter]:
        """What training changes, by name."""
        return {name: p for name, p in self.named_parameters() if p.requires_grad}

    def forward(
        self,
        noisy: Tensor,
        times: Tensor,
        photo: Tensor,
        condition: Tensor,
        label_noise: Tensor,
        untold: Tensor,
        further: Tensor | None = None,
    ) -> Predicted:
        """Run the network on a batch of objects.

        Parameters
        ----------
        noisy : (12, n, C, h, w) float
            Noisy latents: normal maps, then colours.
        times : (2, n) int64
            Timestep of each domain of each object.
        photo : (n, 3, S, S) float
            -1..1 on white.
        condition : (n, K, h, w) float
            What the network is told of the photo beside the embedding; see `Codec.condition`.
        label_noise : (12 n, width) float
            Standard normal, for the image embeddings.
        untold : (n,) bool
            Whose embedding is withheld.
        further : (m, 3, S, S) float, optional
            More photos, of which only the camera is asked.
        """
        count = len(photo)
        photos = photo if further is None else torch.cat([photo, further])
        embeddings = self.image_encoder(self._encoder_input(photos)).image_embeds
        embedding = embeddings[:count]
        labels = labels_of(
            _spread(embedding), label_noise, self.mean, self.std, _repeat(self.codes, count)
        )
        labels = labels * ~_spread(untold[:, None])
        sample = torch.cat([order(noisy), _spread(condition)], 1)
        time = times[:, :, None].expand(2, count, 6).reshape(-1)
        output = self.unet(sample, time, _repeat(self.prompts, count), labels)
        sight = None if self.sight is None else self.sight(embeddings)
        return Predicted(unorder(output.sample), output.pose, sight)

    def _encoder_input(self, photo: Tensor) -> Tensor:
        """Photos as the image encoder wants them; see `Preprocessor`."""
        size, mean, std = self._preprocessor.size, self._preprocessor.mean, self._preprocessor.std
        if photo.shape[-1] != size:
            photo = F.interpolate(photo, (size, size), mode="bicubic", antialias=True)
        # In -1..1 rather than 0..1.
        middle, spread = (photo.new_tensor(x)[:, None, None] for x in (mean, std))
        return ((photo + 1) / 2 - middle) / spread


def order(images: Tensor) -> Tensor:
    """Images (12, n, ...) as the network's batch: domain, object, view."""
    return images.unflatten(0, (2, 6)).transpose(1, 2).flatten(0, 2)


def unorder(batch: Tensor) -> Tensor:
    """Undo `order`."""
    return batch.unflatten(0, (2, -1, 6)).transpose(1, 2).flatten(0, 1)


def _spread(per_object: Tensor) -> Tensor:
    """Rows of objects (n, ...) for each image of the network's batch."""
    return order(per_object.expand(IMAGES, *per_object.shape))


def _repeat(per_image: Tensor, count: int) -> Tensor:
    """Rows of images (12, ...) for each image of the network's batch."""
    return order(per_image[:, None].expand(IMAGES, count, *per_image.shape[1:]))


def _trainable(module: nn.Module) -> nn.Module:
    """Let a module learn; its weights may still be files that are mapped into memory."""
    for parameter in module.parameters():
        parameter.data = parameter.data.float().clone()
        parameter.requires_grad_(True)
    return module
