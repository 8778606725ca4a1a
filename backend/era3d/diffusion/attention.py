# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D's transformer block: joint attention of both domains, row-wise attention of the views.

A batch holds ``2 * groups * views`` images: all normal maps first, then all colour images, each
half ordered group by group. A group is one object, or one guidance half of it; groups never meet.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import cast

import torch
from diffusers.models.attention import FeedForward
from torch import Tensor, nn
from torch.nn import functional as F

Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]


@functools.cache
def xformers_attention() -> Kernel | None:
    """Return xformers' fused attention, or None where the package is absent or does not load."""
    try:
        from xformers.ops import memory_efficient_attention
    except (ImportError, OSError, RuntimeError):
        return None
    return cast("Kernel", memory_efficient_attention)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute ``softmax(q k^T / sqrt(d)) v`` for every head with a fused kernel.

    Parameters
    ----------
    query : Tensor
        ``(batch, tokens, heads, d)``.
    key, value : Tensor
        ``(batch, context_tokens, heads, d)``.

    Returns
    -------
    Tensor
        ``(batch, tokens, heads, d)``.
    """
    return _kernel(query.device, query.dtype)(query, key, value)


def pytorch_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """`attend` with PyTorch's kernels, of which it chooses itself."""
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value).transpose(1, 2)


@functools.cache
def _kernel(device: torch.device, dtype: torch.dtype) -> Kernel:
    """Choose a kernel for a device: xformers' where it is installed and measurably faster."""
    fused = xformers_attention() if device.type == "cuda" else None
    if fused is None:
        return pytorch_attention
    return fastest(
        (pytorch_attention, fused), torch.zeros(4, 2048, 8, 64, device=device, dtype=dtype)
    )


def fastest(kernels: Sequence[Kernel], tokens: Tensor) -> Kernel:
    """Return the kernel that attends from tokens ``(batch, n, heads, d)`` to themselves soonest.

    One that does not run at all loses.
    """

    def seconds(kernel: Kernel) -> float:
        try:
            kernel(tokens, tokens, tokens).sum().item()
            began = time.perf_counter()
            for _ in range(5):
                output = kernel(tokens, tokens, tokens)
            output.sum().item()  # waits for the device
        except (RuntimeError, NotImplementedError, ValueError):
            return math.inf
        return time.perf_counter() - began

    return min(kernels, key=seconds)


class Attention(nn.Module):
    """Multi-head attention from tokens to themselves or to a context."""

    def __init__(self, channels: int, heads: int, context_channels: int | None = None) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} channels do not divide into {heads} attention heads")
        context_channels = channels if context_channels is None else context_channels
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context_channels, channels, bias=False)
        self.to_v = nn.Linear(context_channels, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """Map ``(batch, tokens, channels)`` to the same shape."""
        context = tokens if context is None else context
        query, key, value = (
            x.unflatten(-1, (self.heads, -1))
            for x in (self.to_q(tokens), self.to_k(context), self.to_v(context))
        )
        return self.to_out[0](attend(query, key, value).flatten(-2))


def join_domains(tokens: Tensor) -> Tensor:
    """Put the tokens of a normal map and of its colour image into one sequence.

    ``(2 * pairs, tokens, channels)``, normals first, becomes ``(pairs, 2 * tokens, channels)``.
    """
    return torch.cat(tokens.chunk(2, dim=0), dim=1)


def split_domains(tokens: Tensor) -> Tensor:
    """Undo `join_domains`."""
    return torch.cat(tokens.chunk(2, dim=1), dim=0)


def join_rows(tokens: Tensor, views: int, height: int) -> Tensor:
    """Gather the same image row of all views of a set into one sequence.

    ``(sets * views, height * width, channels)`` becomes
    ``(sets * height, views * width, channels)``; a set is one domain of one group. The cameras
    share one elevation, so a point of the object lies on the same row in every orthographic view:
    rows are where views have something to tell each other.
    """
    return (
        tokens.unflatten(0, (-1, views))
        .unflatten(2, (height, -1))
        .transpose(1, 2)
        .flatten(2, 3)
        .flatten(0, 1)
    )


def split_rows(tokens: Tensor, views: int, height: int) -> Tensor:
    """Undo `join_rows`."""
    return (
        tokens.unflatten(0, (-1, height))
        .unflatten(2, (views, -1))
        .transpose(1, 2)
        .flatten(2, 3)
        .flatten(0, 1)
    )


class MultiviewTransformerBlock(nn.Module):
    """Joint-domain, row-wise and prompt attention, then a feed-forward layer; all residual."""

    def __init__(self, channels: int, heads: int, context_channels: int, views: int) -> None:
        super().__init__()
        self.views = views
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads)
        self.norm_mv = nn.LayerNorm(channels)
        self.attn_mv = Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, heads, context_channels)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels, activation_fn="geglu")
        # A new network starts as independent images and learns to look across.
        for parameter in self.attn_mv.to_out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor, prompt: Tensor, height: int) -> Tensor:
        """Transform ``(batch, height * width, channels)``, reading ``(batch, words, context)``."""
        tokens = tokens + split_domains(self.attn1(join_domains(self.norm1(tokens))))
        rows = join_rows(self.norm_mv(tokens), self.views, height)
        tokens = tokens + split_rows(self.attn_mv(rows), self.views, height)
        tokens = tokens + self.attn2(self.norm2(tokens), prompt)
        return tokens + self.ff(self.norm3(tokens))


class MultiviewTransformer(nn.Module):
    """`MultiviewTransformerBlock` on feature maps: normalise, project, transform, project, add."""

    def __init__(
        self, channels: int, heads: int, context_channels: int, views: int, norm_groups: int
    ) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(norm_groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        block = MultiviewTransformerBlock(channels, heads, context_channels, views)
        self.transformer_blocks = nn.ModuleList([block])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, features: Tensor, prompt: Tensor) -> Tensor:
        """Map ``(batch, channels, height, width)`` to the same shape."""
        height, width = features.shape[-2:]
        tokens = self.proj_in(self.norm(features).flatten(2).transpose(1, 2))
        for block in self.transformer_blocks:
            tokens = block(tokens, prompt, height)
        image = self.proj_out(tokens).transpose(1, 2).unflatten(2, (height, width))
        return features + image
