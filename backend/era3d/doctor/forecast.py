# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a model fits on a device, how much memory it will take, and about how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from era3d.devices import Device
from era3d.diffusion.memory import RELEASED_SIZES, MemoryPlan, dtype_for, plan, sizes_in
from era3d.doctor.finding import Finding, ok, warning
from era3d.errors import InputError
from era3d.store.models import MINI_FOLDER

if TYPE_CHECKING:
    from torch import Tensor

# Floating-point operations of six views and normal maps at the quality "standard", counted by
# PyTorch's counter: 16 guided steps of 23.8e12 and 32e12 around them; mini takes one step.
_WORK = {"6view": 16 * 23.8e12 + 32e12, "mini": 3.7e9}
# What a network of this kind makes of the rate of one large matrix product: 15.96 s for 643e12 on a
# card of 111e12 a second (the DeepCache page of diffusers' documentation).
_SHARE = 0.36
# Sending the weights to the card layer by layer may double the time.
_STREAMED = 2.0
_CLASSES = ((20.0, "seconds"), (60.0, "under a minute"), (1200.0, "minutes"), (7200.0, "an hour"))


@dataclass(frozen=True)
class Forecast:
    """What to expect of a model on a device.

    Attributes
    ----------
    model : str
    level : str
        How it would be run; see `era3d.diffusion.memory.LEVELS`.
    precision : str
        Of the network.
    peak_gb : float or None
        Most memory on the device; None if it does not fit.
    speed : str
        How long six views take: ``seconds``, ``under a minute``, ``minutes``, ``an hour``,
        ``hours``; empty if it does not fit.
    message : str
        Why it does not fit.
    """

    model: str
    level: str = ""
    precision: str = ""
    peak_gb: float | None = None
    speed: str = ""
    message: str = ""

    @property
    def fits(self) -> bool:
        """Whether it would run at all."""
        return self.peak_gb is not None

    def as_finding(self) -> Finding:
        """Say it in words."""
        if self.peak_gb is None:
            return warning("model", f"{self.model} would not run.", self.message)
        memory = f"{self.peak_gb:.1f} GB" if self.peak_gb >= 0.1 else "less than 0.1 GB"
        text = f"{self.model} would take {self.speed}, and {memory} in {self.precision}"
        text += f' (memory level "{self.level}")'
        if self.speed == "hours":
            return warning("model", text, "Use the model mini, or a machine with a graphics card.")
        return ok("model", text)


def forecasts(
    device: Device, limit_gb: float | None, rate: Callable[[Device], float]
) -> tuple[Forecast, ...]:
    """Forecast the small and a released model.

    Parameters
    ----------
    device : Device
    limit_gb : float, optional
        As in `era3d.diffusion.memory.plan`.
    rate : callable
        Gives the device's floating-point operations a second; `matrix_rate` measures them.
    """
    sizes = {"mini": sizes_in(MINI_FOLDER), "6view": RELEASED_SIZES}
    found, measured = [], 0.0
    for model, size in sizes.items():
        try:
            chosen = plan(device, size, limit_gb)
        except InputError as error:
            found.append(Forecast(model, message=str(error)))
            continue
        measured = measured or rate(device)
        found.append(_forecast(model, chosen, measured))
    return tuple(found)


def _forecast(model: str, chosen: MemoryPlan, rate: float) -> Forecast:
    seconds = _WORK[model] / (rate * _SHARE) * (_STREAMED if chosen.level.streamed else 1.0)
    speed = next((name for limit, name in _CLASSES if seconds < limit), "hours")
    precision = str(chosen.dtype).removeprefix("torch.")
    return Forecast(model, chosen.level.name, precision, chosen.peak_gb, speed)


def matrix_rate(device: Device) -> float:
    """Measure the floating-point operations a second of large matrix products on a device."""
    import torch

    side = 1024 if device.kind == "cpu" else 4096
    matrix = torch.ones(side, side, dtype=dtype_for(device), device=device.torch)
    _settled(matrix)
    count, began, took = 0, time.perf_counter(), 0.0
    while took < 0.05:
        _settled(matrix)
        count += 1
        took = time.perf_counter() - began
    return 2.0 * side**3 * count / took


def _settled(matrix: Tensor) -> None:
    """Multiply, and wait until it is done: reading a number waits on every kind of device."""
    (matrix @ matrix)[0, 0].item()
