# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graphics cards that are built in, and whether this PyTorch is one that can use them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from era3d.devices import Device, has_sound_float16
from era3d.doctor.finding import Finding, ok, problem, warning

# Numbers of makers on the PCI bus.
_MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_OTHER_BUILD = (
    "Install a build of PyTorch for it: in Blender choose it in the add-on's preferences; "
    "pytorch.org shows the command for other environments."
)
_LITTLE_MEMORY_GB = 2.0


@dataclass(frozen=True)
class Build:
    """What a PyTorch was built for; ``reason`` is why its CUDA or ROCm half does not start."""

    version: str
    cuda: str | None = None
    rocm: str | None = None
    reason: str = ""

    def __str__(self) -> str:
        what = f"CUDA {self.cuda}" if self.cuda else f"ROCm {self.rocm}" if self.rocm else ""
        return f"PyTorch {self.version}" + (f" for {what}" if what else "")


def this_build() -> Build:
    """Describe the PyTorch that is installed."""
    import torch

    reason = ""
    if (torch.version.cuda or torch.version.hip) and not torch.cuda.is_available():
        try:
            torch.cuda.init()
        except (RuntimeError, AssertionError) as error:
            reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
    return Build(torch.__version__, torch.version.cuda, torch.version.hip, reason)


def makers() -> set[str]:
    """Return the makers of the graphics chips in this machine, as far as the system tells."""
    if sys.platform == "win32":
        return _makers_on_windows()
    found = _makers_on_linux(Path("/sys/class/drm"))
    # Inside WSL no card is on the bus, but NVIDIA's tool is there.
    return found | ({"NVIDIA"} if shutil.which("nvidia-smi") else set())


def look_at_devices(
    devices: Sequence[Device], build: Build, built_in: Collection[str]
) -> Iterator[Finding]:
    """Compare devices that PyTorch found with the chips that are there.

    Parameters
    ----------
    devices : sequence of Device
        See `era3d.devices.find`.
    build : Build
    built_in : collection of str
        See `makers`.
    """
    yield ok("torch", str(build))
    gpus = [device for device in devices if device.kind != "cpu"]
    if not gpus:
        yield _no_gpu(build, built_in)
    for device in devices:
        yield _describe(device)
    host = devices[-1]
    if host.free_gb < _LITTLE_MEMORY_GB:
        yield warning(
            "memory",
            f"Only {host.free_gb:.1f} of the machine's {host.total_gb:.0f} GB of memory are free.",
            "Close other programs before you generate.",
        )


def _describe(device: Device) -> Finding:
    text = f"{device.name} ({device.torch})"
    memory = f"{device.free_gb:.1f} of {device.total_gb:.1f} GB free"
    if device.problem:
        return problem(
            "device",
            f"{text} cannot be used: {device.problem}.",
            "Install a build of PyTorch that supports it (pytorch.org shows which), or update its "
            "driver. Until then another device is used.",
        )
    if device.kind == "cuda" and not has_sound_float16(device.name, 7):
        return warning(
            "device",
            f"{text}, {memory}: cards of this series return wrong numbers in float16, so twice "
            "the memory and time are needed.",
            "Use the model mini, or another card for the large models.",
        )
    if device.kind != "cpu" and device.free_gb < device.total_gb / 2:
        return warning(
            "device",
            f"{text}, only {memory}.",
            "Close programs that use the graphics card; in Blender, rendered viewports too.",
        )
    return ok("device", f"{text}, {memory}")


def _no_gpu(build: Build, built_in: Collection[str]) -> Finding:
    """Say why there is no graphics card to compute on."""
    reason = build.reason or "no driver"
    if build.cuda and "NVIDIA" in built_in:
        return problem(
            "device",
            f"An NVIDIA card is built in, but PyTorch cannot use it: {reason}.",
            "Install or update NVIDIA's driver and restart the machine.",
        )
    if build.rocm and "AMD" in built_in:
        return problem(
            "device",
            f"An AMD card is built in, but PyTorch cannot use it: {reason}.",
            "Install AMD's ROCm driver, and give your user access to /dev/kfd (groups render and "
            "video).",
        )
    if "NVIDIA" in built_in:
        return warning(
            "device", f"An NVIDIA card is built in, but {build} cannot use it.", _OTHER_BUILD
        )
    if "AMD" in built_in and sys.platform.startswith("linux"):
        return warning(
            "device", f"An AMD card is built in, but {build} cannot use it.", _OTHER_BUILD
        )
    return warning(
        "device",
        "There is no graphics card that PyTorch could use; the CPU computes.",
        "The model mini is quick on a CPU. 6view and ortho need a graphics card from 4 GB.",
    )


def _makers_on_linux(cards: Path) -> set[str]:
    numbers = {path.read_text().strip() for path in cards.glob("card*/device/vendor")}
    return {_MAKERS[number] for number in numbers if number in _MAKERS}


def _makers_on_windows() -> set[str]:
    """Read the display adapters from the registry."""
    import winreg

    names: list[str] = []
    registry: Any = winreg
    folder = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
    for index in range(16):
        try:
            key = registry.OpenKey(registry.HKEY_LOCAL_MACHINE, rf"{folder}\{index:04}")
            names.append(str(registry.QueryValueEx(key, "DriverDesc")[0]))
        except OSError:
            continue
    return {maker for maker in _MAKERS.values() if any(maker in name for name in names)}
