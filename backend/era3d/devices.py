# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model can run on: the processors that PyTorch finds, and which of them to take."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from era3d.errors import InputError

GB = 2**30
"""Bytes in a gigabyte, as makers of graphics cards count."""

Kind = Literal["cuda", "rocm", "mps", "xpu", "cpu"]
# In the order of `auto`.
KINDS: tuple[Kind, ...] = ("cuda", "rocm", "xpu", "mps", "cpu")
# These cards return NaN from convolutions in float16 (pytorch/pytorch#77955).
_BROKEN_FLOAT16 = re.compile(r"GTX 16\d\d\b")


@dataclass(frozen=True)
class Device:
    """A processor with its memory, as it was when it was looked at.

    Attributes
    ----------
    torch : str
        PyTorch's name for it; ``cuda:0`` for ROCm too.
    kind : Kind
    name : str
        What its maker calls it.
    total_gb, free_gb : float
        Memory, in units of `GB`; free is what this process can still take.
    supports_fp16, supports_bf16 : bool
        Whether it computes in float16 or bfloat16 itself, correctly and no slower than in float32.
    unified : bool
        Whether its memory is the host's, so that moving weights to the host frees nothing.
    problem : str
        Why it cannot be used; empty if it can.
    """

    torch: str
    kind: Kind
    name: str
    total_gb: float
    free_gb: float
    supports_fp16: bool = False
    supports_bf16: bool = False
    unified: bool = False
    problem: str = ""


def choose(name: str = "auto", among: Sequence[Device] | None = None) -> Device:
    """Pick a device.

    Parameters
    ----------
    name : str
        ``auto``, a kind (``cuda``, ``rocm``, ``xpu``, ``mps``, ``cpu``), or a kind and a number
        such as ``cuda:1``. Of several devices of the first kind there is, the one with most free
        memory.
    among : sequence of Device, optional
        What to choose from; by default what `find` returns.

    Raises
    ------
    InputError
        If there is no such device or it cannot be used.
    """
    devices = find() if among is None else among
    if name == "auto":
        usable = [device for device in devices if not device.problem]
        return min(usable, key=lambda device: (KINDS.index(device.kind), -device.free_gb))
    wanted = [device for device in devices if name in _names(device)]
    if not wanted:
        there = ", ".join(_numbered(device) for device in devices)
        raise InputError(f"There is no device {name}; choose auto or one of {there}.")
    best = max(wanted, key=lambda device: (not device.problem, device.free_gb))
    if best.problem:
        raise InputError(f"{best.name} ({_numbered(best)}) cannot be used: {best.problem}.")
    return best


def for_geometry(name: str = "auto") -> str:
    """Pick what meshes and splats are computed on, by PyTorch's name; see `choose`.

    Long sums need double precision, and ties in drawing integers of 64 bits: where a GPU of another
    kind than CUDA's lacks them, the CPU does the work.
    """
    device = choose(name)
    return device.torch if device.kind in ("cuda", "rocm") else "cpu"


def release_memory(name: str) -> None:
    """Give back what PyTorch keeps of a device's memory for later, by PyTorch's name."""
    import torch

    gc.collect()
    kind = torch.device(name).type
    if kind in ("cuda", "xpu", "mps"):
        torch.get_device_module(kind).empty_cache()


def find() -> tuple[Device, ...]:
    """Return all devices, in the order of `KINDS`; the CPU is always there, and last."""
    import torch

    gpus = [_described(_cuda_device, "cuda", i) for i in range(torch.cuda.device_count())]
    gpus += [_described(_xpu_device, "xpu", i) for i in range(torch.xpu.device_count())]
    if torch.backends.mps.is_available():
        gpus.append(_mps_device())
    return (*(_tried(device) for device in gpus), cpu())


def cpu() -> Device:
    """Return the CPU with the host's memory. Needs no PyTorch."""
    import psutil

    memory = psutil.virtual_memory()
    total, free = memory.total / GB, memory.available / GB
    return Device("cpu", "cpu", _cpu_name(), total, free, unified=True)


def _cpu_name() -> str:
    """Return what its maker calls the CPU; where that is not told, its architecture."""
    import platform

    about = Path("/proc/cpuinfo")
    if about.is_file() and (found := re.search(r"model name\s*: (.+)", about.read_text())):
        return found[1]
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        found_name = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return found_name.strip() or platform.machine()
    return platform.processor() or platform.machine()


def _described(describe: Callable[[int], Device], kind: Kind, index: int) -> Device:
    """Describe a device, or say what happened: the first question is where drivers fail."""
    try:
        return describe(index)
    except (RuntimeError, AssertionError) as error:
        name = f"graphics card {index}"
        return Device(f"{kind}:{index}", kind, name, 0.0, 0.0, problem=_first_line(error))


def _cuda_device(index: int) -> Device:
    """Describe a device of NVIDIA's, or of AMD's, which PyTorch serves by the same interface."""
    import torch

    about = torch.cuda.get_device_properties(index)
    kind: Kind = "rocm" if torch.version.hip else "cuda"
    device = Device(
        f"cuda:{index}",
        kind,
        about.name,
        about.total_memory / GB,
        about.total_memory / GB,
        supports_fp16=kind == "rocm" or has_sound_float16(about.name, about.major),
        supports_bf16=kind == "rocm" or about.major >= 8,
        unified=bool(getattr(about, "is_integrated", False)),
    )
    if kind == "rocm":
        # Starting a kernel that is not in the build may end the process, so that is not tried.
        chip = about.gcnArchName.partition(":")[0]
        if chip not in torch.cuda.get_arch_list():
            return replace(device, problem=f"this build of PyTorch has no kernels for {chip}")
    return device


def has_sound_float16(name: str, major: int) -> bool:
    """Whether a card of NVIDIA's, of that name and compute capability, computes in float16."""
    return major >= 6 and not _BROKEN_FLOAT16.search(name)


def _xpu_device(index: int) -> Device:
    import torch

    about = torch.xpu.get_device_properties(index)
    total = about.total_memory / GB
    has_bfloat16 = bool(getattr(about, "has_bfloat16_conversions", False))
    return Device(f"xpu:{index}", "xpu", about.name, total, total, True, has_bfloat16)


def _mps_device() -> Device:
    """Describe Apple's GPU; its limit is what the system recommends, of the host's memory."""
    import torch

    host = cpu()
    total = torch.mps.recommended_max_memory() / GB
    has_bfloat16 = torch.backends.mps.is_macos_or_newer(14, 0)
    free = min(host.free_gb, total - torch.mps.driver_allocated_memory() / GB)
    return Device("mps", "mps", f"{host.name} GPU", total, free, True, has_bfloat16, True)


def _tried(device: Device) -> Device:
    """Compute something on a device and read its free memory, so that surprises come now."""
    import torch

    if device.problem:
        return device
    try:
        torch.ones(8, 8, device=device.torch).matmul(torch.ones(8, 8, device=device.torch)).cpu()
        free = _free_bytes(device)
    except RuntimeError as error:
        return replace(device, problem=_first_line(error))
    return device if free is None else replace(device, free_gb=free / GB)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _free_bytes(device: Device) -> float | None:
    import torch

    module: Any = {"cuda": torch.cuda, "rocm": torch.cuda, "xpu": torch.xpu}.get(device.kind)
    return None if module is None else float(module.mem_get_info(device.torch)[0])


def _names(device: Device) -> set[str]:
    """Return all names that mean a device; AMD's answer to ``cuda`` too, as in PyTorch."""
    return {device.kind, _numbered(device), device.torch, device.torch.partition(":")[0]}


def _numbered(device: Device) -> str:
    """Return how a user names a device: ``rocm:0`` where PyTorch says ``cuda:0``."""
    return device.torch.replace("cuda", device.kind) if device.kind == "rocm" else device.torch
