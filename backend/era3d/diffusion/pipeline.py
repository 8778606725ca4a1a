# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one picture to six colour views, six normal maps and the picture's camera, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPVisionModelWithProjection

from era3d.diffusion.codec import Codec
from era3d.diffusion.conditioning import (
    Inputs,
    Preprocessor,
    fit_picture,
    labels_of,
    level_0_codes,
)
from era3d.diffusion.guidance import Denoiser
from era3d.diffusion.memory import MemoryPlan, whole
from era3d.diffusion.noise import Noise
from era3d.diffusion.placement import Placement
from era3d.diffusion.result import GeneratedViews
from era3d.diffusion.schedules import RELEASED, Presets, Sampling, Schedule
from era3d.diffusion.unet import Era3DUNet
from era3d.errors import InputError
from era3d.progress import Progress, ignore

# Looking at the numbers makes the host wait for the device, so it is done every few steps.
LOOK_EVERY = 5


@dataclass(frozen=True)
class Step:
    """What happened in one sampling step; latents are ``(12, channels, h, w)``, normals first.

    ``latents`` are those after the step, ``clean`` the guess at the end result.
    """

    index: int
    timestep: int
    latents: Tensor
    clean: Tensor


class Era3DPipeline:
    """Era3D from a picture to views.

    Parameters
    ----------
    unet : Era3DUNet
    codec : Codec
    scheduler : DDIMScheduler
    image_encoder : CLIPVisionModelWithProjection
    preprocessor : Preprocessor
        Belongs to the image encoder.
    embedding_mean, embedding_std : (1, n) Tensor
        Statistics of image embeddings in training; the noise on an embedding is relative to them.
    prompts : (12, words, dim) Tensor
        Prompt tokens of the normal maps, then of the colour images. They alone tell the network
        which view and which domain an image is, unless ``label_codes`` do so as well.
    label_codes : (12, k) Tensor, optional
        What follows the image embedding in a class label; by default the code of noise level 0.
    presets : Presets
        How it is sampled.
    revision : str
        Which weights these are.
    """

    def __init__(
        self,
        unet: Era3DUNet,
        codec: Codec,
        scheduler: DDIMScheduler,
        image_encoder: CLIPVisionModelWithProjection,
        preprocessor: Preprocessor,
        embedding_mean: Tensor,
        embedding_std: Tensor,
        prompts: Tensor,
        label_codes: Tensor | None = None,
        presets: Presets = RELEASED,
        revision: str = "",
    ) -> None:
        self.unet = unet.eval()
        self.codec = codec.eval()
        self.scheduler = scheduler
        self.image_encoder = image_encoder.eval()
        self.preprocessor = preprocessor
        self.embedding_mean = embedding_mean
        self.embedding_std = embedding_std
        self.prompts = prompts
        self.label_codes = level_0_codes(embedding_mean.shape[-1], len(prompts))
        if label_codes is not None:
            self.label_codes = label_codes
        self.presets = presets
        self.revision = revision
        self._check_sizes()
        self.placement = self._placed(whole("cpu"))

    @property
    def image_size(self) -> int:
        """Width and height of the pictures that go in and come out."""
        return self.unet.config["sample_size"] * self.codec.factor

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.placement.device

    def place(self, plan: MemoryPlan) -> Self:
        """Run by a memory plan from now on; parts are moved when they are needed."""
        self.placement.release()
        self.placement = self._placed(plan)
        return self

    def to(self, device: str | torch.device, dtype: torch.dtype = torch.float32) -> Self:
        """Run on a device that has room for everything; ``dtype`` as in `MemoryPlan`."""
        return self.place(whole(device, dtype))

    def release(self) -> None:
        """Free the device's memory; the next call takes it again."""
        self.placement.release()

    @torch.inference_mode()
    def __call__(
        self,
        picture: NDArray[np.uint8],
        *,
        quality: str = "standard",
        steps: int | None = None,
        guidance: float | None = None,
        eta: float | None = None,
        seed: int = 0,
        noise: Iterable[Tensor] | None = None,
        progress: Progress = ignore,
        on_step: Callable[[Step], None] | None = None,
    ) -> GeneratedViews:
        """Generate the views of the object in a picture.

        Parameters
        ----------
        picture : (S, S, 3) or (S, S, 4) uint8
            The subject, centred; transparency becomes white. Any size.
        quality : str
            ``draft``, ``standard`` or ``reference``: one of the model's `Presets`.
        steps, guidance, eta
            See `Sampling`; None leaves each to the preset.
        seed : int
            Of the random numbers, which are drawn on the CPU: one seed, one result on any device
            and at any memory level, up to rounding.
        noise : iterable of Tensor, optional
            Standard normal numbers to use instead, in this order: ``(12, n)`` for the image
            embedding, ``(12, channels, h, w)`` to start from, and as many for each step if eta > 0.
        progress : Progress
            Called after each step.
        on_step : callable, optional
            Called with each `Step`.

        Raises
        ------
        InputError
            A setting is out of range, the picture is not square, the device's memory is too small,
            or the network produces numbers that are not finite; names the step.
        """
        sampling = self.presets.choose(quality, steps, guidance, eta)
        schedule = Schedule(sampling, self.scheduler)
        draw, count = Noise(seed, noise, self.device), len(schedule.timesteps)
        denoise = self._denoiser(fit_picture(picture, self.image_size), draw, sampling)
        latents = draw(self._latent_shape) * schedule.initial_scale
        # All that comes from the host, at once, so that no step waits for it.
        added = [draw(self._latent_shape) if sampling.eta else None for _ in range(count)]
        times = torch.tensor(schedule.timesteps, device=self.device)
        poses, finite = [], []
        for index in range(count):
            here = denoise if sampling.guides(index, count) else denoise.without_guidance()
            prediction, pose = self._predict(here, latents, times[index])
            latents, clean = schedule.step(index, prediction, latents, added[index])
            poses.append(pose)
            finite.append(latents.isfinite().all())
            if index % LOOK_EVERY == 0 or index + 1 == count:
                self._check_finite(finite, count)
            if on_step is not None:
                on_step(Step(index, schedule.timesteps[index], latents, clean))
            progress(index + 1, count)
        return self._output(latents, poses, sampling)

    def decode(self, latents: Tensor) -> NDArray[np.float32]:
        """Turn latents ``(n, channels, h, w)`` into pictures ``(n, S, S, 3)`` in [0, 1]."""
        pictures = self.placement.run(self.codec, lambda: self.codec.decode(latents.float()))
        return pictures.permute(0, 2, 3, 1).cpu().numpy()

    def _placed(self, plan: MemoryPlan) -> Placement:
        # Stable Diffusion's autoencoder asks for float32: it overflows in float16.
        dtypes = {self.unet: plan.dtype, self.image_encoder: plan.dtype, self.codec: torch.float32}
        return Placement(self.unet, dtypes, plan)

    @property
    def _latent_shape(self) -> tuple[int, int, int, int]:
        size = self.unet.config["sample_size"]
        return (len(self.prompts), self.codec.channels, size, size)

    def _check_sizes(self) -> None:
        """Raise for parts that do not belong together: better here than after loading a photo."""
        config, width = self.unet.config, self.embedding_mean.shape[-1]
        facts = {
            "input channels": (
                config["in_channels"],
                self.codec.channels + self.codec.condition_channels,
            ),
            "output channels": (config["out_channels"], self.codec.channels),
            "prompts": (2 * config["num_views"], len(self.prompts)),
            "prompt width": (config["cross_attention_dim"], self.prompts.shape[-1]),
            "label width": (
                config["projection_class_embeddings_input_dim"],
                width + self.label_codes.shape[-1],
            ),
            "embedding width": (self.image_encoder.config.projection_dim, width),
        }
        for what, (wanted, given) in facts.items():
            if wanted != given:
                raise InputError(f"The model's parts do not fit: {what} {given}, not {wanted}.")

    def _denoiser(self, picture: NDArray[np.uint8], draw: Noise, sampling: Sampling) -> Denoiser:
        """Encode the picture, once for all images and steps."""
        pixels = torch.tensor(picture, device=self.device).permute(2, 0, 1)[None] / 255
        one = self.placement.run(self.codec, lambda: self.codec.condition(pixels))
        condition = one.expand(len(self.prompts), -1, -1, -1)
        mean, std, codes, prompts = (
            x.to(self.device, torch.float32)
            for x in (self.embedding_mean, self.embedding_std, self.label_codes, self.prompts)
        )
        embedding = self._embed(picture)
        labels = labels_of(embedding, draw((len(codes), mean.shape[-1])), mean, std, codes)
        nothing = (self.codec.no_condition(condition), prompts, torch.zeros_like(labels))
        told, untold = (
            Inputs(*(x.to(self.placement.plan.dtype) for x in each))
            for each in ((condition, prompts, labels), nothing)
        )
        return Denoiser(self.unet, told, untold, sampling.guidance)

    def _embed(self, picture: NDArray[np.uint8]) -> Tensor:
        pixels = self.preprocessor(picture).to(self.device, self.placement.plan.dtype)

        def encode() -> Tensor:
            return self.image_encoder(pixels).image_embeds.float()

        return self.placement.run(self.image_encoder, encode)

    def _predict(
        self, denoise: Denoiser, latents: Tensor, time: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Run the network; return the (guided) prediction and pose ``(2,)``."""
        return self.placement.run(
            self.unet, lambda: denoise(latents, time, self.placement.plan.level.passes)
        )

    def _check_finite(self, finite: list[Tensor], count: int) -> None:
        flags = torch.stack(finite).tolist()
        if not all(flags):
            raise InputError(
                f"The model's numbers are not finite from step {flags.index(False) + 1} of {count} "
                f"on ({self.placement.plan.dtype} on {self.device}): try --device cpu, or check "
                "the model's files with `era3d models verify`."
            )

    def _output(
        self, latents: Tensor, poses: list[Tensor | None], sampling: Sampling
    ) -> GeneratedViews:
        pictures = self.decode(latents)
        if not np.isfinite(pictures).all():
            raise InputError(
                "The decoded pictures are not finite: check the model's files with "
                "`era3d models verify`."
            )
        normal, color = np.split(pictures, 2)
        known = [pose for pose in poses if pose is not None]
        elevations, focals = torch.stack(known).T.tolist() if known else ((), ())
        return GeneratedViews(color, normal, tuple(elevations), tuple(focals), sampling)
