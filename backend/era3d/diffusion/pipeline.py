# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sampling: one picture in, six colour views, six normal maps and the picture's camera out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self, cast

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection

from era3d.diffusion.codec import Codec
from era3d.diffusion.unet import Era3DUNet
from era3d.errors import InputError
from era3d.prepare import compose_on_white
from era3d.progress import Progress, ignore

# Era3D was trained with image embeddings noised at level 0 of the squared-cosine schedule (1000
# steps): this is what the schedule leaves of the embedding, as a share of its variance.
_LEVEL_0 = (
    math.cos((0.001 + 0.008) / 1.008 * math.pi / 2) / math.cos(0.008 / 1.008 * math.pi / 2)
) ** 2


@dataclass(frozen=True)
class Sampling:
    """How a model is sampled by default.

    ``guidance`` 1 runs no unconditional half. ``eta`` 0 is deterministic DDIM, 1 adds as much noise
    as the forward process.
    """

    steps: int = 40
    guidance: float = 3.0
    eta: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InputError(f"steps is {self.steps}; it must be 1 or more.")
        if not (math.isfinite(self.guidance) and self.guidance >= 0):
            raise InputError(f"guidance is {self.guidance}; it must be 0 or more.")
        if not 0 <= self.eta <= 1:
            raise InputError(f"eta is {self.eta}; it must lie between 0 and 1.")

    @property
    def guided(self) -> bool:
        """Whether the unconditional half is needed."""
        return self.guidance > 1


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


@dataclass(frozen=True)
class Step:
    """What happened in one sampling step; latents are ``(12, channels, h, w)``, normals first.

    ``latents`` are those after the step, ``clean`` the guess at the end result.
    """

    index: int
    timestep: int
    latents: Tensor
    clean: Tensor


@dataclass(frozen=True)
class GeneratedViews:
    """Six views in the order of `era3d.cameras.VIEWS` and the estimated camera of the picture.

    Attributes
    ----------
    color, normal : (6, S, S, 3) float32
        In [0, 1], on white. Normals in the front camera's OpenGL frame, rgb = n / 2 + 1 / 2.
    elevations, focals : tuple of float
        Guided estimate of each step: radians; 24 mm / focal length (0: orthographic). Empty for a
        model without camera regression.
    sampling : Sampling
        How they were made.
    """

    color: NDArray[np.float32]
    normal: NDArray[np.float32]
    elevations: tuple[float, ...]
    focals: tuple[float, ...]
    sampling: Sampling

    @property
    def elevation(self) -> float | None:
        """Mean of the estimates in radians, or None."""
        return float(np.mean(self.elevations)) if self.elevations else None

    @property
    def focal(self) -> float | None:
        """Mean of the estimates of 24 mm / focal length, or None."""
        return float(np.mean(self.focals)) if self.focals else None


class _Inputs(NamedTuple):
    """What the network is given besides noisy latents, one row for each image of its batch."""

    condition: Tensor
    prompts: Tensor
    labels: Tensor


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
    defaults : Sampling
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
        defaults: Sampling = Sampling(),
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
        self.label_codes = _level_0_codes(embedding_mean, len(prompts))
        if label_codes is not None:
            self.label_codes = label_codes
        self.defaults = defaults
        self.revision = revision
        self._check_sizes()

    @property
    def image_size(self) -> int:
        """Width and height of the pictures that go in and come out."""
        return self.unet.config["sample_size"] * self.codec.factor

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.unet.device

    def to(self, device: str | torch.device, dtype: torch.dtype = torch.float32) -> Self:
        """Move all parts. ``dtype`` is for network and image encoder; the codec stays float32,
        which Stable Diffusion's autoencoder asks for.
        """
        for network in (self.unet, self.image_encoder):
            # diffusers' own `to` warns of a list of exceptions that is empty.
            nn.Module.to(network, device=device, dtype=dtype)
        self.codec.to(device=device)
        return self

    @torch.inference_mode()
    def __call__(
        self,
        picture: NDArray[np.uint8],
        *,
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
        steps, guidance, eta
            See `Sampling`; None leaves each to the model.
        seed : int
            Of the random numbers, which are drawn on the CPU: one seed, one result on any device,
            up to rounding.
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
            A setting is out of range or the picture is not square.
        """
        sampling = self._sampling(steps, guidance, eta)
        draw = Noise(seed, noise, self.device)
        inputs = self._inputs(self._fit(picture), draw, sampling.guided)
        latents = draw(self._latent_shape) * self.scheduler.init_noise_sigma
        poses = []
        timesteps = self._timesteps(sampling.steps)
        for index, timestep in enumerate(timesteps):
            prediction, pose = self._predict(latents, timestep, inputs, sampling)
            step_noise = draw(self._latent_shape) if sampling.eta > 0 else None
            latents, clean = self._step(prediction, timestep, latents, sampling.eta, step_noise)
            poses += [] if pose is None else [pose.tolist()]
            if on_step is not None:
                on_step(Step(index, timestep, latents, clean))
            progress(index + 1, len(timesteps))
        return self._output(latents, poses, sampling)

    def decode(self, latents: Tensor) -> NDArray[np.float32]:
        """Turn latents ``(n, channels, h, w)`` into pictures ``(n, S, S, 3)`` in [0, 1]."""
        return self.codec.decode(latents.float()).permute(0, 2, 3, 1).cpu().numpy()

    @property
    def _latent_shape(self) -> tuple[int, int, int, int]:
        size = self.unet.config["sample_size"]
        return (len(self.prompts), self.codec.channels, size, size)

    def _check_sizes(self) -> None:
        """Raise for parts that do not belong together: better here than after loading a photo."""
        config, labels = (
            self.unet.config,
            self.embedding_mean.shape[-1] + self.label_codes.shape[-1],
        )
        facts = {
            "input channels": (
                config["in_channels"],
                self.codec.channels + self.codec.condition_channels,
            ),
            "output channels": (config["out_channels"], self.codec.channels),
            "prompts": (2 * config["num_views"], len(self.prompts)),
            "prompt width": (config["cross_attention_dim"], self.prompts.shape[-1]),
            "label width": (config["projection_class_embeddings_input_dim"], labels),
            "embedding width": (
                self.image_encoder.config.projection_dim,
                self.embedding_mean.shape[-1],
            ),
        }
        for what, (wanted, given) in facts.items():
            if wanted != given:
                raise InputError(f"The model's parts do not fit: {what} {given}, not {wanted}.")

    def _sampling(self, steps: int | None, guidance: float | None, eta: float | None) -> Sampling:
        return Sampling(
            self.defaults.steps if steps is None else steps,
            self.defaults.guidance if guidance is None else guidance,
            self.defaults.eta if eta is None else eta,
        )

    def _timesteps(self, steps: int) -> list[int]:
        longest = self.scheduler.config["num_train_timesteps"]
        if steps <= longest:
            self.scheduler.set_timesteps(steps)
            timesteps = self.scheduler.timesteps.tolist()
            if max(timesteps) < longest:
                return timesteps
        raise InputError(f"{steps} steps are too many; the model was trained with {longest}.")

    def _fit(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put the picture on white and scale it to the model's size."""
        if (
            picture.ndim != 3
            or picture.shape[0] != picture.shape[1]
            or picture.shape[2] not in (3, 4)
        ):
            raise InputError(f"The picture is {picture.shape}; it must be square, RGB or RGBA.")
        if picture.shape[2] == 4:
            picture = compose_on_white(Image.fromarray(picture))
        # Shrinking averages pixels as the renderer of the training pictures does.
        smaller = self.image_size < len(picture)
        method = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
        return _resize(picture, self.image_size, method)

    def _inputs(self, picture: NDArray[np.uint8], draw: Noise, guided: bool) -> _Inputs:
        """Encode the picture once for all images; with guidance, add the unconditional half."""
        count = len(self.prompts)
        pixels = torch.tensor(picture, device=self.device).permute(2, 0, 1)[None] / 255
        condition = self.codec.condition(pixels).expand(count, -1, -1, -1)
        labels = self._labels(self.preprocessor(picture), draw)
        inputs = _Inputs(condition, self.prompts.to(self.device), labels)
        if not guided:
            return inputs
        nothing = (self.codec.no_condition(condition), inputs.prompts, torch.zeros_like(labels))
        return _Inputs(*(join_halves(u, c) for u, c in zip(nothing, inputs, strict=True)))

    def _labels(self, pixels: Tensor, draw: Noise) -> Tensor:
        """Encode the picture as ``(12, label width)``: a noised image embedding and a code."""
        pixels = pixels.to(self.device, self.image_encoder.dtype)
        embedding = self.image_encoder(pixels).image_embeds.float()
        mean, std, codes = (
            x.to(self.device, torch.float32)
            for x in (self.embedding_mean, self.embedding_std, self.label_codes)
        )
        noise = draw((len(codes), embedding.shape[-1]))
        standard = (embedding - mean) / std
        noised = math.sqrt(_LEVEL_0) * standard + math.sqrt(1 - _LEVEL_0) * noise
        return torch.cat([noised * std + mean, codes], dim=1)

    def _predict(
        self, latents: Tensor, timestep: int, inputs: _Inputs, sampling: Sampling
    ) -> tuple[Tensor, Tensor | None]:
        """Run the network; return the (guided) prediction and pose ``(2,)``."""
        if sampling.guided:
            latents = join_halves(latents, latents)
        sample = torch.cat([latents, inputs.condition], dim=1)
        given = (x.to(self.unet.dtype) for x in (sample, inputs.prompts, inputs.labels))
        sample, prompts, labels = given
        output = self.unet(sample, timestep, prompts, labels)
        prediction = output.sample.float()
        pose = None if output.pose is None else output.pose.float()
        if not sampling.guided:
            return prediction, None if pose is None else pose[0]
        without, with_ = split_halves(prediction)
        guided_pose = None if pose is None else pose[0] + sampling.guidance * (pose[1] - pose[0])
        return without + sampling.guidance * (with_ - without), guided_pose

    def _step(
        self, prediction: Tensor, timestep: int, latents: Tensor, eta: float, noise: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return the latents of the next timestep and the guess at the end result."""
        stepped = self.scheduler.step(
            prediction, timestep, latents, eta=eta, variance_noise=noise, return_dict=False
        )
        return cast("tuple[Tensor, Tensor]", stepped)

    def _output(
        self, latents: Tensor, poses: list[list[float]], sampling: Sampling
    ) -> GeneratedViews:
        if not torch.isfinite(latents).all():
            raise RuntimeError("the network produced numbers that are not finite")
        normal, color = np.split(self.decode(latents), 2)
        elevations, focals = zip(*poses, strict=True) if poses else ((), ())
        return GeneratedViews(color, normal, elevations, focals, sampling)


class Noise:
    """Random numbers in the order in which they are asked for: seeded, or given."""

    def __init__(self, seed: int, given: Iterable[Tensor] | None, device: torch.device) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self.given: Iterator[Tensor] | None = None if given is None else iter(given)
        self.device = device

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """Return the next standard normal numbers of a shape, float32."""
        if self.given is None:
            return torch.randn(shape, generator=self.generator).to(self.device)
        noise = next(self.given, None)
        if noise is None or noise.shape != shape:
            found = "nothing" if noise is None else tuple(noise.shape)
            raise ValueError(f"noise of shape {shape} was needed and {found} given")
        return noise.to(self.device, torch.float32)


def join_halves(without: Tensor, with_: Tensor) -> Tensor:
    """Make the guided batch: normals without and with condition, colours without and with.

    Both inputs are ``(12, ...)``, normals first. The halves of the result are the domains, as the
    network's joint attention expects.
    """
    return torch.stack([without.unflatten(0, (2, -1)), with_.unflatten(0, (2, -1))], 1).flatten(
        0, 2
    )


def split_halves(batch: Tensor) -> tuple[Tensor, Tensor]:
    """Undo `join_halves`."""
    without, with_ = batch.unflatten(0, (2, 2, -1)).unbind(1)
    return without.flatten(0, 1), with_.flatten(0, 1)


def _level_0_codes(embedding_mean: Tensor, count: int) -> Tensor:
    """Return the sinusoidal code of noise level 0: cosines, all 1, then sines, all 0."""
    half = embedding_mean.shape[-1] // 2
    return torch.cat([torch.ones(count, half), torch.zeros(count, half)], dim=1)


def _resize(picture: NDArray[np.uint8], size: int, method: Image.Resampling) -> NDArray[np.uint8]:
    if len(picture) == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize((size, size), method))
