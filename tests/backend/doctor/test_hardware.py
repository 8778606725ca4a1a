# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards that are there, PyTorchs that can use them, and those that do not go together."""

import re

import pytest

from era3d.devices import Device
from era3d.doctor import hardware
from era3d.doctor.hardware import Build, look_at_devices, makers, this_build

CPU = Device("cpu", "cpu", "a processor", 16.0, 12.0, unified=True)
CARD = Device("cuda:0", "cuda", "NVIDIA card", 8.0, 7.0, True, True)
FOR_CPU = Build("2.13.0+cpu")
FOR_CUDA = Build("2.13.0", cuda="13.0", reason="The NVIDIA driver on your system is too old")
FOR_ROCM = Build("2.13.0", rocm="7.2")


@pytest.mark.parametrize(
    ("build", "built_in", "state", "words"),
    [
        (FOR_CPU, (), "warning", "no graphics card that PyTorch could use"),
        (FOR_CPU, ("Intel",), "warning", "no graphics card that PyTorch could use"),
        (FOR_CPU, ("NVIDIA", "Intel"), "warning", r"NVIDIA card .* PyTorch 2\.13\.0\+cpu cannot"),
        (FOR_CPU, ("AMD",), "warning", "AMD card .* cannot use it"),
        (FOR_CUDA, (), "warning", "no graphics card that PyTorch could use"),
        (FOR_CUDA, ("NVIDIA",), "problem", "NVIDIA card .*: The NVIDIA driver .* too old"),
        (FOR_CUDA, ("AMD",), "warning", "for CUDA 13.0 cannot use it"),
        (FOR_ROCM, ("AMD",), "problem", "AMD card .*: no driver"),
        (FOR_ROCM, ("NVIDIA",), "warning", "for ROCm 7.2 cannot use it"),
    ],
)
def test_why_there_is_no_card(monkeypatch, build, built_in, state, words):
    monkeypatch.setattr(hardware.sys, "platform", "linux")
    found = list(look_at_devices([CPU], build, built_in))
    assert found[0].text == str(build)
    assert found[1].state == state
    assert re.search(words, found[1].text)
    assert found[1].advice
    assert found[2].text == "a processor (cpu), 12.0 of 16.0 GB free"


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, "ok", "NVIDIA card (cuda:0), 7.0 of 8.0 GB free"),
        ({"free_gb": 1.0}, "warning", "only 1.0 of 8.0 GB free"),
        ({"problem": "no kernel image"}, "problem", "cannot be used: no kernel image"),
        ({"name": "NVIDIA GeForce GTX 1650"}, "warning", "wrong numbers in float16"),
    ],
)
def test_cards_are_described(changes, state, words):
    found = list(look_at_devices([Device(**vars(CARD) | changes), CPU], FOR_CUDA, ("NVIDIA",)))
    assert [each.state for each in found] == ["ok", state, "ok"]
    assert words in found[1].text
    assert bool(found[1].advice) == (state != "ok")


def test_little_memory_is_told():
    host = Device("cpu", "cpu", "a processor", 16.0, 0.5, unified=True)
    found = list(look_at_devices([CARD, host], FOR_CUDA, ("NVIDIA",)))
    assert found[-1].topic == "memory"
    assert "Only 0.5 of the machine's 16 GB" in found[-1].text


def test_makers_are_read_from_the_bus(tmp_path, monkeypatch):
    for index, number in enumerate(("0x10de", "0x8086", "0xffff")):
        (tmp_path / f"card{index}/device").mkdir(parents=True)
        (tmp_path / f"card{index}/device/vendor").write_text(f"{number}\n")
    assert hardware._makers_on_linux(tmp_path) == {"NVIDIA", "Intel"}
    monkeypatch.setattr(hardware.sys, "platform", "linux")
    monkeypatch.setattr(hardware, "_makers_on_linux", lambda folder: set())
    monkeypatch.setattr(hardware.shutil, "which", lambda name: "/usr/lib/wsl/lib/nvidia-smi")
    assert makers() == {"NVIDIA"}


def test_this_pytorch_is_described(monkeypatch):
    import torch

    assert str(this_build()).startswith("PyTorch 2.")
    monkeypatch.setattr(torch.version, "cuda", "13.0")

    def fail():
        raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have one.")

    monkeypatch.setattr(torch.cuda, "init", fail)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert this_build().reason == "Found no NVIDIA driver on your system"
