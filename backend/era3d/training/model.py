# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a pipeline that are trained together: network, image encoder and prompt tokens."""

from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from era3d.diffusion.conditioning import Preprocessor, labels_of
from era3d.diffusion.pipeline import Era3DPipeline

IMAGES = 12
_Module = TypeVar("_Module", bound=nn.Module)


class Further(NamedTuple):
    """Photos (m, 3, S, S) of which only the camera (m, 2) is asked, see `era3d.training.photos`.

    The rest is for the first k of them, which the network is shown at its last timestep; see
    `Trainee.forward`.
    """

    photos: Tensor
    poses: Tensor
    noisy: Tensor
    condition: Tensor
    label_noise: Tensor


class Predicted(NamedTuple):
    """What the network says of a batch of objects.

    ``latents`` is (12, n, C, h, w); ``pose`` is (n, 2), the camera by the regressors,
    ``further_pose`` (k, 2), that of further photos, and ``sight`` (n + m, 2), the camera by the
    image embedding alone, of both; None where nothing tells.
    """

    latents: Tensor
    pose: Tensor | None
    sight: Tensor | None
    further_pose: Tensor | None = None


class Learner(nn.Module):
    """What training changes, of one thing or another."""

    def learned(self) -> dict[str, nn.Parameter]:
        """What training changes, by name."""
        return {name: p for name, p in self.named_parameters() if p.requires_grad}


class Seen(NamedTuple):
    """What an image encoder tells of n photos.

    ``cameras`` is (n, 2), see `era3d.training.dataset.Sample`; ``patches`` (n, patches, 5 k k) the
    normals of k x k blocks of each patch, see `era3d.training.sight`.
    """

    cameras: Tensor
    patches: Tensor


class Seer(Learner):
    """The image encoder, and what is read from it; only training reads that.

    Parameters
    ----------
    pipeline : Era3DPipeline
        Its encoder is trained in place.
    blocks : int
        Rows and columns of blocks of a photo, of which normals are asked.
    """

    def __init__(self, pipeline: Era3DPipeline, blocks: int) -> None:
        super().__init__()
        self.image_encoder = _trainable(pipeline.image_encoder)
        self.sight = _sight(pipeline)
        encoder = pipeline.image_encoder.config
        per_patch = blocks * encoder.patch_size // encoder.image_size
        self.patches = nn.Linear(encoder.hidden_size, 5 * per_patch**2)
        self._preprocessor = pipeline.preprocessor

    def forward(self, photos: Tensor) -> Seen:
        """Look at photos (n, 3, S, S) in -1..1."""
        said = self.image_encoder(encoder_input(photos, self._preprocessor))
        return Seen(self.sight(said.image_embeds), self.patches(said.last_hidden_state[:, 1:]))


class Trainee(Learner):
    """Everything of a pipeline that has weights to train, in place; its codec is left alone.

    Parameters
    ----------
    pipeline : Era3DPipeline
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
        pipeline.prompts = self.prompts.detach()
        self.sight = _sight(pipeline) if sees else None
        self.register_buffer("codes", pipeline.label_codes)
        self.register_buffer("mean", pipeline.embedding_mean)
        self.register_buffer("std", pipeline.embedding_std)
        self._preprocessor = pipeline.preprocessor
        self._last = len(pipeline.scheduler.alphas_cumprod) - 1

    def forward(
        self,
        noisy: Tensor,
        times: Tensor,
        photo: Tensor,
        condition: Tensor,
        label_noise: Tensor,
        untold: Tensor,
        further: Further | None = None,
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
        further : Further, optional
        """
        count = len(photo)
        photos = photo if further is None else torch.cat([photo, further.photos])
        embeddings = self.image_encoder(encoder_input(photos, self._preprocessor)).image_embeds
        labels = self._labels(embeddings[:count], label_noise) * ~_spread(untold[:, None])
        sample = torch.cat([order(noisy), _spread(condition)], 1)
        time = times[:, :, None].expand(2, count, 6).reshape(-1)
        output = self.unet(sample, time, _repeat(self.prompts, count), labels)
        sight = None if self.sight is None else self.sight(embeddings)
        more = None if further is None else self._read_pose(further, embeddings[count:])
        return Predicted(unorder(output.sample), output.pose, sight, more)

    def _read_pose(self, further: Further, embeddings: Tensor) -> Tensor | None:
        """The camera (k, 2) of those further photos that the network is shown."""
        count = len(further.condition)
        if not count:
            return None
        labels = self._labels(embeddings[:count], further.label_noise)
        sample = torch.cat([order(further.noisy), _spread(further.condition)], 1)
        return self.unet.read_pose(sample, self._last, _repeat(self.prompts, count), labels)

    def _labels(self, embedding: Tensor, noise: Tensor) -> Tensor:
        """Class labels of photos with embeddings (n, width)."""
        codes = _repeat(self.codes, len(embedding))
        return labels_of(_spread(embedding), noise, self.mean, self.std, codes)


def encoder_input(photos: Tensor, wanted: Preprocessor) -> Tensor:
    """Photos (n, 3, S, S) in -1..1 as an image encoder wants them."""
    if photos.shape[-1] != wanted.size:
        shape = (wanted.size, wanted.size)
        photos = F.interpolate(photos, shape, mode="bicubic", antialias=True)
    # In -1..1 rather than 0..1.
    mean, std = (photos.new_tensor(x)[:, None, None] for x in (wanted.mean, wanted.std))
    return ((photos + 1) / 2 - mean) / std


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


def _trainable(module: _Module) -> _Module:
    """Let a module learn; its weights may still be files that are mapped into memory."""
    for parameter in module.parameters():
        parameter.data = parameter.data.float().clone()
        parameter.requires_grad_(True)
    return module


def _sight(pipeline: Era3DPipeline) -> nn.Linear:
    """Reads a camera from an embedding; it begins at zero, and so disturbs no trained encoder."""
    sight = nn.Linear(pipeline.embedding_mean.shape[-1], 2)
    nn.init.zeros_(sight.weight)
    nn.init.zeros_(sight.bias)
    return sight
