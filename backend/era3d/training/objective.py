# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model is trained for: which noise it gets, and what its errors count."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from era3d.diffusion.codec import Codec, PatchCodec
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.training.config import TrainConfig
from era3d.training.dataset import Sample
from era3d.training.model import IMAGES, Further, Predicted
from era3d.training.photos import Shots


class Space:
    """Where predictions are compared with the truth: in latents."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    @torch.no_grad()
    def latents(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, S, S) in -1..1 as latents; one by one, which bounds the memory."""
        return torch.cat([self.codec.encode(one / 2 + 0.5) for one in pictures.split(1)])

    def compared(self, latents: Tensor) -> Tensor:
        """Latents (..., C, h, w) as what is compared; linear."""
        return latents

    def coverage(self, alpha: Tensor) -> Tensor:
        """Alpha (..., 1, S, S) at the size of what is compared."""
        return F.avg_pool2d(alpha.flatten(0, -4), self.codec.factor).unflatten(0, alpha.shape[:-3])


class PatchSpace(Space):
    """A patch codec is linear: errors are those of pixels.

    The transform is one matrix product, which is several times faster to train through than the
    codec's transposed convolution.
    """

    codec: PatchCodec

    def latents(self, pictures: Tensor) -> Tensor:
        """See `Space.latents`."""
        patch, size = self.codec.factor, pictures.shape[-1] // self.codec.factor
        grid = pictures.unflatten(3, (size, patch)).unflatten(2, (size, patch))
        patches = grid.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        latents = patches @ self.codec.filters.flatten(1).T * self.codec.scale
        return latents.mT.unflatten(2, (size, size))

    def compared(self, latents: Tensor) -> Tensor:
        """Pictures in -1..1, not clamped."""
        patch, (height, width) = self.codec.factor, latents.shape[-2:]
        patches = latents.flatten(-2).mT @ self.codec.filters.flatten(1) / self.codec.scale
        grid = patches.unflatten(-1, (3, patch, patch)).unflatten(-4, (height, width))
        return grid.movedim(-3, -5).movedim(-2, -3).flatten(-2).flatten(-3, -2)

    def coverage(self, alpha: Tensor) -> Tensor:
        """Pixels are compared."""
        return alpha


class Draw(NamedTuple):
    """A batch with the noise that it gets; see `Trainee.forward`."""

    noisy: Tensor
    times: Tensor
    condition: Tensor
    label_noise: Tensor
    untold: Tensor
    target: Tensor
    last: Tensor
    blind: Tensor


class Losses(NamedTuple):
    """What is minimised, and the plain mean squared error of what was predicted from noise."""

    total: Tensor
    from_noise: Tensor


class Objective:
    """Draws noise and weighs errors, as a configuration says.

    Parameters
    ----------
    config : TrainConfig
    pipeline : Era3DPipeline
        Says how noise grows with time, and what is predicted.
    """

    def __init__(self, config: TrainConfig, pipeline: Era3DPipeline) -> None:
        self.config = config
        codec = pipeline.codec
        self.space = PatchSpace(codec) if isinstance(codec, PatchCodec) else Space(codec)
        self.predicts_v = pipeline.scheduler.config["prediction_type"] == "v_prediction"
        self.share_of_image = pipeline.scheduler.alphas_cumprod
        self.label_width = pipeline.embedding_mean.shape[-1]

    def draw(self, batch: Sample) -> Draw:
        """Choose timesteps and noise of a batch, and whose photo is withheld."""
        config, device, count = self.config, batch.photo.device, len(batch.photo)
        clean = self.space.latents(batch.targets.transpose(0, 1).flatten(0, 1))
        clean = clean.unflatten(0, (-1, count))
        condition = self.space.codec.condition(batch.photo / 2 + 0.5)
        last = torch.rand(2, count) < config.last_share
        end = len(self.share_of_image) - 1
        times = torch.where(last, end, torch.randint(0, end + 1, (2, count)))
        noise = torch.randn(clean.shape).to(device)
        share = self._share(times, device)
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        target = share.sqrt() * noise - (1 - share).sqrt() * clean if self.predicts_v else clean
        chance = torch.rand(count)
        only, both = config.drop_embedding, config.drop_embedding + config.drop
        untold = (chance < both).to(device)
        unseen = ((chance >= only) & (chance < both + config.drop_latents)).to(device)
        nothing = self.space.codec.no_condition(condition)
        condition = torch.where(unseen[:, None, None, None], nothing, condition)
        label_noise = torch.randn(len(clean) * count, self.label_width).to(device)
        return Draw(
            noisy,
            times.to(device),
            condition,
            label_noise,
            untold,
            target,
            last.to(device),
            untold & unseen,
        )

    def draw_further(self, shots: Shots) -> Further:
        """Choose the noise with which the network is shown some of these photos."""
        shown, codec = shots.photos[: self.config.pose_photos], self.space.codec
        condition = codec.condition(shown / 2 + 0.5)
        shape = (IMAGES, len(shown), codec.channels, *condition.shape[-2:])
        noise = torch.randn(shape), torch.randn(IMAGES * len(shown), self.label_width)
        noisy, label_noise = (part.to(shown.device) for part in noise)
        return Further(shots.photos, shots.poses, noisy, condition, label_noise)

    def losses(
        self, drawn: Draw, said: Predicted, batch: Sample, further: Tensor | None = None
    ) -> Losses:
        """Weigh the errors of a prediction; `further` are the cameras of further photos."""
        config = self.config
        squares = self.space.compared(said.latents.float() - drawn.target).square()
        coverage = self.space.coverage(batch.alpha.transpose(0, 1))
        weight = 1 + (config.silhouette_weight - 1) * coverage
        if config.min_snr:
            weight = weight * self._snr_weight(drawn.times, squares.device)
        total = (squares * weight).mean()
        if said.pose is not None:
            errors = (said.pose.float() - batch.pose).square() * ~drawn.blind[:, None]
            if said.further_pose is not None and further is not None:
                shown = further[: len(said.further_pose)]
                errors = torch.cat([errors, (said.further_pose.float() - shown).square()])
            total = total + config.pose_weight * errors.mean()
        if said.sight is not None:
            poses = batch.pose if further is None else torch.cat([batch.pose, further])
            total = total + config.sight_weight * (said.sight.float() - poses).square().mean()
        seen = (drawn.last & ~drawn.blind).repeat_interleave(6, 0)
        return Losses(total, squares.detach().mean((2, 3, 4))[seen].mean())

    def _share(self, times: Tensor, device: torch.device) -> Tensor:
        """Share of the image at timesteps (2, n) as (12, n, 1, 1, 1)."""
        share = self.share_of_image[times].repeat_interleave(6, 0)
        return share[:, :, None, None, None].to(device)

    def _snr_weight(self, times: Tensor, device: torch.device) -> Tensor:
        """Min-SNR weights (Hang et al. 2023, "Efficient diffusion training via Min-SNR")."""
        share = self._share(times.cpu(), device)
        ratio = share / (1 - share).clamp(min=1e-8)
        bounded = ratio.clamp(max=self.config.min_snr)
        return bounded / (ratio + 1) if self.predicts_v else bounded
