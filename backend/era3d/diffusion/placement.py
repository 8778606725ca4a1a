# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a memory plan: what lies where, and what to do when memory runs out after all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

import torch
from diffusers.hooks import HookRegistry, apply_group_offloading
from diffusers.models.attention import FeedForward
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from era3d.devices import GB, release_memory
from era3d.diffusion.attention import Attention
from era3d.diffusion.memory import MemoryPlan
from era3d.errors import InputError, ViewWarning

T = TypeVar("T")

# Layers whose batch entries do not see each other.
_SEPARABLE = (Attention, FeedForward, ResnetBlock2D)
# Devices whose memory PyTorch keeps account of.
_COUNTING = ("cuda", "xpu")
_STREAMING_HOOKS = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")


class Placement:
    """Puts the parts of a model on a device when they work, as a plan says.

    Parameters
    ----------
    network : nn.Module
        The part that may be run in pieces or streamed.
    dtypes : dict
        All parts, and what each computes in.
    plan : MemoryPlan
    """

    def __init__(
        self, network: nn.Module, dtypes: dict[nn.Module, torch.dtype], plan: MemoryPlan
    ) -> None:
        self.network = network
        self.dtypes = dtypes
        self.plan = plan
        self.device = torch.device(plan.device)
        self._homes: dict[nn.Module, list[Tensor]] = {}
        self._limit(plan.limit_gb)
        if self.device.type in _COUNTING:
            torch.get_device_module(self.device).reset_peak_memory_stats(self.device)

    @property
    def here(self) -> set[nn.Module]:
        """The parts that are on the device."""
        return set(self._homes)

    def run(self, part: nn.Module, work: Callable[[], T]) -> T:
        """Call ``work``, which uses a part, with the part on the device.

        When memory runs out, step down to the next level, say so, and call ``work`` again.

        Raises
        ------
        InputError
            If memory runs out at the last level.
        """
        while True:
            try:
                self._bring(part)
                return work()
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            # Not in the handler, whose traceback holds on to tensors.
            self._step_down()

    def release(self) -> None:
        """Free the device: all parts go back to where they were loaded."""
        for part in self.dtypes:
            self._send_home(part)
        release_memory(str(self.device))
        self._limit(None)

    def as_dict(self) -> dict[str, Any]:
        """Describe what was done, for job.json; the peak where PyTorch counts it."""
        about = {"device": self.plan.device, "level": self.plan.level.name}
        about["dtype"] = str(self.plan.dtype).removeprefix("torch.")
        if self.device.type not in _COUNTING:
            return about
        peak = torch.get_device_module(self.device).max_memory_allocated(self.device)
        return about | {"peak_gb": round(peak / GB, 3)}

    def _bring(self, part: nn.Module) -> None:
        if part in self._homes:
            return
        if not self.plan.level.resident:
            for other in self.dtypes:
                self._send_home(other)
        self._homes[part] = [tensor.data for tensor in _tensors(part)]
        # Weights made in inference mode could not be trained or moved outside of it.
        with torch.inference_mode(False):
            if part is self.network and self.plan.level.streamed:
                _move(part, torch.device("cpu"), self.dtypes[part])
                _stream(part, self.device)
            else:
                _move(part, self.device, self.dtypes[part])
        if part is self.network and self.plan.level.pieces > 1:
            split_layers(part, self.plan.level.pieces)

    def _send_home(self, part: nn.Module) -> None:
        if part not in self._homes:
            return
        for hook in _STREAMING_HOOKS if self.plan.level.streamed else ():
            HookRegistry.check_if_exists_or_initialize(part).remove_hook(hook, recurse=True)
        for module in part.modules():
            module.__dict__.pop("forward", None)
        with torch.inference_mode(False):
            for tensor, home in zip(_tensors(part), self._homes.pop(part), strict=True):
                tensor.data = home

    def _step_down(self) -> None:
        self.release()
        before, *left = self.plan.levels
        if not left:
            raise InputError(
                f"The memory of {self.device} ran out at the slowest setting ({before.name}): "
                "close other programs, or choose --device cpu or the model mini."
            )
        self.plan = replace(self.plan, levels=tuple(left))
        self._limit(self.plan.limit_gb)
        warnings.warn(
            f"Memory of {self.device} ran out ({before.name}); going on from the last finished "
            f"step, slower ({self.plan.level.name}).",
            ViewWarning,
            stacklevel=3,
        )

    def _limit(self, limit_gb: float | None) -> None:
        """Let PyTorch itself refuse more than the user allowed."""
        if self.device.type == "cuda":
            total = torch.cuda.get_device_properties(self.device).total_memory
            share = 1.0 if limit_gb is None else min(1.0, limit_gb * GB / total)
            torch.cuda.set_per_process_memory_fraction(share, self.device)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says so; not all devices have a class of errors for it."""
    words = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(w in str(error) for w in words)


def split_layers(network: nn.Module, pieces: int) -> None:
    """Let layers take their batch in pieces where its entries do not see each other; exact.

    Attention to both domains takes pairs of images, attention along rows takes rows.
    """
    for module in network.modules():
        if isinstance(module, _SEPARABLE):
            _split(module, pieces)


def _split(module: nn.Module, pieces: int) -> None:
    whole = module.forward

    def forward(*inputs: Tensor) -> Tensor:
        output: Tensor | None = None
        done = 0
        for given in zip(*(x.chunk(pieces) for x in inputs), strict=True):
            piece = whole(*given)
            if output is None:
                output = _room(piece, len(inputs[0]))
            output[done : done + len(piece)] = piece
            done += len(piece)
        assert output is not None
        return output

    module.forward = forward


def _room(piece: Tensor, count: int) -> Tensor:
    """An empty batch of ``count`` like a piece of it, in the same order in memory."""
    last = piece.dim() == 4 and piece.is_contiguous(memory_format=torch.channels_last)
    order = torch.channels_last if last else torch.contiguous_format
    shape = (count, *piece.shape[1:])
    return torch.empty(shape, dtype=piece.dtype, device=piece.device, memory_format=order)


def _tensors(part: nn.Module) -> Iterator[Tensor]:
    return chain(part.parameters(), part.buffers())


def _move(part: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Move and cast; convolutions on graphics cards read their weights channels last."""
    last = device.type in ("cuda", "xpu")
    for tensor in _tensors(part):
        order: Any = torch.channels_last if last and tensor.dim() == 4 else torch.preserve_format
        wanted = dtype if tensor.is_floating_point() else tensor.dtype
        tensor.data = tensor.data.to(device, wanted, memory_format=order)


def _stream(part: nn.Module, device: torch.device) -> None:
    """Let a module's layers come to the device one by one, the next while one is computed."""
    overlaps = device.type in ("cuda", "xpu")
    apply_group_offloading(part, device, offload_type="leaf_level", use_stream=overlaps)
