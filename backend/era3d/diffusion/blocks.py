# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The levels of the UNet: residual layers, each with a multiview transformer where asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn

from era3d.diffusion.attention import MultiviewTransformer


@dataclass(frozen=True)
class BlockSettings:
    """What all levels of one UNet share."""

    embedding_channels: int
    context_channels: int
    views: int
    norm_groups: int
    norm_eps: float

    def resnet(self, channels_in: int, channels_out: int) -> ResnetBlock2D:
        """Build a residual layer that is told the time embedding."""
        return ResnetBlock2D(
            in_channels=channels_in,
            out_channels=channels_out,
            temb_channels=self.embedding_channels,
            groups=self.norm_groups,
            eps=self.norm_eps,
        )

    def transformer(self, channels: int, heads: int) -> MultiviewTransformer:
        """Build a multiview transformer."""
        return MultiviewTransformer(
            channels, heads, self.context_channels, self.views, self.norm_groups
        )


class Level(nn.Module):
    """Residual layers and transformers at one resolution.

    ``heads`` is None for a level without transformers. diffusers' ``enable_gradient_checkpointing``
    sets the two attributes below.
    """

    gradient_checkpointing = False
    _gradient_checkpointing_func: Callable[..., Tensor]

    def __init__(
        self, widths_in: list[int], width: int, heads: int | None, settings: BlockSettings
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([settings.resnet(n, width) for n in widths_in])
        transformers = (
            [] if heads is None else [settings.transformer(width, heads) for _ in widths_in]
        )
        self.attentions = nn.ModuleList(transformers)

    def run(self, module: nn.Module, *inputs: Tensor) -> Tensor:
        """Call a layer, keeping only its inputs for the backward pass when checkpointing is on."""
        if self.gradient_checkpointing and torch.is_grad_enabled():
            return self._gradient_checkpointing_func(module, *inputs)
        return module(*inputs)

    def layer(self, index: int, x: Tensor, embedding: Tensor, prompt: Tensor) -> Tensor:
        """Apply one residual layer and, where there is one, its transformer."""
        x = self.run(self.resnets[index], x, embedding)
        return self.run(self.attentions[index], x, prompt) if len(self.attentions) else x


class DownLevel(Level):
    """A level on the way down; every intermediate result is kept for the way up."""

    def __init__(
        self,
        width_in: int,
        width: int,
        heads: int | None,
        settings: BlockSettings,
        *,
        layers: int,
        downsample: bool,
    ) -> None:
        super().__init__([width_in] + [width] * (layers - 1), width, heads, settings)
        samplers = [Downsample2D(width, use_conv=True, name="op")] if downsample else []
        self.downsamplers = nn.ModuleList(samplers)

    def forward(self, x: Tensor, embedding: Tensor, prompt: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the level's output and the intermediate results, first to last."""
        kept = []
        for index in range(len(self.resnets)):
            x = self.layer(index, x, embedding, prompt)
            kept.append(x)
        for sampler in self.downsamplers:
            x = sampler(x)
            kept.append(x)
        return x, kept


class MidLevel(Level):
    """Residual layer, transformer, residual layer at the lowest resolution."""

    def __init__(self, width: int, heads: int, settings: BlockSettings) -> None:
        super().__init__([width, width], width, None, settings)
        self.attentions.append(settings.transformer(width, heads))

    def forward(self, x: Tensor, embedding: Tensor, prompt: Tensor) -> Tensor:
        """Map ``(batch, width, h, w)`` to the same shape."""
        x = self.run(self.resnets[0], x, embedding)
        x = self.run(self.attentions[0], x, prompt)
        return self.run(self.resnets[1], x, embedding)


class UpLevel(Level):
    """A level on the way up; every residual layer also reads one kept result of the way down."""

    def __init__(
        self,
        width_in: int,
        kept_widths: list[int],
        width: int,
        heads: int | None,
        settings: BlockSettings,
        *,
        upsample: bool,
    ) -> None:
        running = [width_in] + [width] * (len(kept_widths) - 1)
        widths_in = [a + b for a, b in zip(running, kept_widths, strict=True)]
        super().__init__(widths_in, width, heads, settings)
        samplers = [Upsample2D(width, use_conv=True)] if upsample else []
        self.upsamplers = nn.ModuleList(samplers)

    def forward(self, stack: list[Tensor], embedding: Tensor, prompt: Tensor) -> None:
        """Replace the running result, last in ``stack``, and the kept ones before it that it reads.

        A stack, so that nothing else holds on to what is used up: these are the largest tensors.
        """
        for index in range(len(self.resnets)):
            running, kept = stack.pop(), stack.pop()
            stack.append(torch.cat([running, kept], dim=1))
            del running, kept
            stack.append(self.layer(index, stack.pop(), embedding, prompt))
        for sampler in self.upsamplers:
            stack.append(sampler(stack.pop()))
