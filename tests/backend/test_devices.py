# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing among pretended devices, and describing pretended hardware."""

from types import SimpleNamespace

import pytest
import torch

from era3d import devices
from era3d.devices import GB, Device, choose, find, for_geometry, has_sound_float16
from era3d.errors import InputError

CPU = Device("cpu", "cpu", "a processor", 16.0, 12.0, unified=True)
SMALL = Device("cuda:0", "cuda", "small card", 4.0, 3.5, True, False)
LARGE = Device("cuda:1", "cuda", "large card", 24.0, 22.0, True, True)
BUSY = Device("cuda:2", "cuda", "busy card", 48.0, 1.0, True, True)
OLD = Device("cuda:3", "cuda", "old card", 64.0, 64.0, problem="it is too old")
RADEON = Device("cuda:0", "rocm", "Radeon", 16.0, 15.0, True, True)
ARC = Device("xpu:0", "xpu", "Arc", 8.0, 7.0, True, True)
APPLE = Device("mps", "mps", "M GPU", 12.0, 9.0, True, True, True)


@pytest.mark.parametrize(
    ("name", "among", "taken"),
    [
        ("auto", (CPU,), CPU),
        ("auto", (APPLE, CPU), APPLE),
        ("auto", (ARC, CPU), ARC),
        ("auto", (RADEON, CPU), RADEON),
        ("auto", (SMALL, LARGE, BUSY, OLD, CPU), LARGE),
        ("auto", (OLD, ARC, CPU), ARC),
        ("auto", (OLD, CPU), CPU),
        ("cuda", (SMALL, LARGE, BUSY, OLD, CPU), LARGE),
        ("cuda:0", (SMALL, LARGE, CPU), SMALL),
        ("cuda:2", (SMALL, LARGE, BUSY, CPU), BUSY),
        ("cpu", (LARGE, CPU), CPU),
        ("rocm", (RADEON, CPU), RADEON),
        ("rocm:0", (RADEON, CPU), RADEON),
        ("cuda", (RADEON, CPU), RADEON),
        ("mps", (APPLE, CPU), APPLE),
    ],
)
def test_what_is_taken(name, among, taken):
    assert choose(name, among) is taken


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ((LARGE, CPU), "cuda:1"),
        ((RADEON, CPU), "cuda:0"),
        ((ARC, CPU), "cpu"),
        ((APPLE, CPU), "cpu"),
        ((OLD, CPU), "cpu"),
        ((CPU,), "cpu"),
    ],
)
def test_geometry_is_computed_on_cards_that_bear_it(monkeypatch, there, taken):
    monkeypatch.setattr(devices, "find", lambda: there)
    assert for_geometry() == taken


@pytest.mark.parametrize(
    ("name", "among", "message"),
    [
        ("cuda", (CPU,), "There is no device cuda; choose auto or one of cpu"),
        ("cuda:7", (SMALL, CPU), "choose auto or one of cuda:0, cpu"),
        ("xpu", (RADEON, CPU), "choose auto or one of rocm:0, cpu"),
        ("cuda:3", (OLD, CPU), r"old card \(cuda:3\) cannot be used: it is too old"),
        ("", (CPU,), "There is no device"),
    ],
)
def test_what_cannot_be_had_is_said(name, among, message):
    with pytest.raises(InputError, match=message):
        choose(name, among)


def test_the_cpu_of_this_machine_is_found():
    here = find()[-1]
    assert here.torch == here.kind == "cpu"
    assert here.name
    assert not here.problem
    assert 0 < here.free_gb <= here.total_gb
    assert choose("cpu").total_gb == here.total_gb


@pytest.mark.parametrize(
    ("name", "major", "sound"),
    [
        ("NVIDIA GeForce GTX 1660 SUPER", 7, False),
        ("NVIDIA GeForce GTX 1650", 7, False),
        ("NVIDIA GeForce RTX 2060", 7, True),
        ("NVIDIA GeForce GTX 1080 Ti", 6, True),
        ("NVIDIA GeForce GTX 980", 5, False),
        ("NVIDIA H200", 9, True),
    ],
)
def test_cards_with_broken_float16_are_known(name, major, sound):
    assert has_sound_float16(name, major) is sound


@pytest.fixture
def card(monkeypatch):
    """Pretends that PyTorch sees one card; the CPU computes for it."""
    about = SimpleNamespace(
        name="Card", major=8, total_memory=8 * GB, gcnArchName="gfx1100:sramecc-"
    )
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: about)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["gfx1030", "gfx1100"])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (6 * GB, 8 * GB))
    ones = torch.ones
    monkeypatch.setattr(torch, "ones", lambda *shape, device: ones(*shape))
    return about


def test_a_card_is_described(card):
    assert find()[0] == Device("cuda:0", "cuda", "Card", 8.0, 6.0, True, True)
    card.major = 7
    assert not find()[0].supports_bf16


def test_a_card_of_amd_is_described(card, monkeypatch):
    monkeypatch.setattr(torch.version, "hip", "6.4")
    card.is_integrated = 1
    assert find()[0] == Device("cuda:0", "rocm", "Card", 8.0, 6.0, True, True, True)
    card.gcnArchName = "gfx803"
    assert "no kernels for gfx803" in find()[0].problem


def test_a_card_that_fails_at_once_says_why(card, monkeypatch):
    def fail(*shape, device):
        raise RuntimeError("CUDA error: no kernel image is available.\nMore follows.")

    monkeypatch.setattr(torch, "ones", fail)
    found = find()[0]
    assert found.problem == "CUDA error: no kernel image is available"
    assert choose("auto").kind == "cpu"


def test_a_driver_that_fails_says_why(card, monkeypatch):
    def fail(index):
        raise RuntimeError("Unexpected error from cudaGetDeviceCount().\nDid you run out?")

    monkeypatch.setattr(torch.cuda, "get_device_properties", fail)
    found = find()[0]
    assert found.torch == "cuda:0"
    assert found.problem == "Unexpected error from cudaGetDeviceCount()"
    assert choose("auto").kind == "cpu"


def test_a_card_of_intel_is_described(card, monkeypatch):
    about = SimpleNamespace(name="Arc", total_memory=8 * GB, has_bfloat16_conversions=True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.xpu, "device_count", lambda: 1)
    monkeypatch.setattr(torch.xpu, "get_device_properties", lambda index: about)
    monkeypatch.setattr(torch.xpu, "mem_get_info", lambda device: (5 * GB, 8 * GB))
    assert find()[0] == Device("xpu:0", "xpu", "Arc", 8.0, 5.0, True, True)


def test_apples_gpu_shares_the_hosts_memory(card, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda *version: False)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 * GB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: GB)
    monkeypatch.setattr(devices, "cpu", lambda: CPU)
    assert find()[0] == Device("mps", "mps", "a processor GPU", 10.0, 9.0, True, False, True)
