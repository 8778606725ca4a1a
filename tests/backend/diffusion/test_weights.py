# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading weights: strictly, from every format, and without holding them twice."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from era3d.diffusion import weights
from era3d.diffusion.weights import WeightFile, load_module
from era3d.errors import InputError


def make():
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


@pytest.fixture(params=["safetensors", "zip", "plain"])
def path(request, tmp_path):
    """The weights of `make` in each format there is, in float16."""
    torch.manual_seed(0)
    tensors = {name: tensor.half() for name, tensor in make().state_dict().items()}
    if request.param == "safetensors":
        save_file(tensors, tmp_path / "w.safetensors")
        return tmp_path / "w.safetensors"
    zipped = request.param == "zip"
    torch.save(tensors, tmp_path / "w.bin", _use_new_zipfile_serialization=zipped)
    return tmp_path / "w.bin"


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.bfloat16, None])
@pytest.mark.parametrize("portion", [1, 2**20])
def test_every_format_gives_the_same_numbers(path, dtype, portion, monkeypatch):
    monkeypatch.setattr(weights, "PORTION", portion)
    torch.manual_seed(0)
    wanted = make().half()
    found = load_module(make, path, dtype)
    for name, tensor in found.state_dict().items():
        assert tensor.dtype == (dtype or torch.float16)
        assert torch.equal(tensor, wanted.state_dict()[name].to(tensor.dtype)), name
    assert not any(p.requires_grad for p in found.parameters())
    assert not found.training


def test_portions_are_as_large_as_allowed(path, monkeypatch):
    monkeypatch.setattr(weights, "PORTION", 2 * (12 + 4))
    file = WeightFile(path)
    assert list(file.portions(["0.weight", "0.bias", "1.weight", "1.bias"])) == [
        ["0.weight", "0.bias"],
        ["1.weight", "1.bias"],
    ]


@pytest.mark.parametrize("kind", [torch.int8, torch.float8_e4m3fn])
def test_numbers_of_another_kind_are_refused(tmp_path, kind):
    tensors = make().state_dict()
    tensors["1.bias"] = tensors["1.bias"].to(kind)
    save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"1\.bias does not hold 16-, 32- or 64-bit"):
        load_module(make, tmp_path / "w.safetensors")


def test_a_pickle_of_something_else_is_named(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "w.bin")
    with pytest.raises(InputError, match="no dictionary of tensors"):
        WeightFile(tmp_path / "w.bin")


MEGABYTES, COUNT = 4, 32
CHILD = f"""
import json, os, sys
import torch
from accelerate import init_empty_weights
from pathlib import Path
from torch import nn
from era3d.diffusion import weights

def status(name):
    text = Path("/proc/self/status").read_text()
    return int(text.split(name + ":")[1].split()[0]) / 1024

def make():
    return nn.ModuleList(nn.Linear(1024, 1024 * {MEGABYTES} // 2, False) for _ in range({COUNT}))

def measure(path, wanted):
    weights.load_module(make, Path(path), None)  # whatever comes with the first time
    Path("/proc/self/clear_refs").write_text("5")
    before, own = status("VmRSS"), status("RssAnon")
    module = weights.load_module(make, Path(path), getattr(torch, wanted))
    print(json.dumps([status("VmHWM") - before, status("RssAnon") - own]), flush=True)

weights.PORTION = 2**24
for case in json.loads(sys.argv[1]):
    # Memory that one case gave back may not serve the next.
    if os.fork() == 0:
        measure(*case)
        os._exit(0)
    os.wait()
"""
# Format, kind of numbers in the file, kind that is wanted, and MB that this takes.
CASES = (
    ("safetensors", torch.float16, "float16", 0),  # the file itself, mapped
    ("safetensors", torch.float16, "float32", 256),
    ("safetensors", torch.float32, "float16", 128),
    ("bin", torch.float32, "float16", 128),
)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's own figures")
def test_weights_are_never_held_twice(tmp_path):
    """In MB: a module of 128 in float16, read in portions of 16."""
    ways = []
    for suffix, stored, wanted, _ in CASES:
        path = tmp_path / f"{stored}.{suffix}"
        tensor = torch.ones(1024 * MEGABYTES // 2, 1024, dtype=stored)
        tensors = {f"{index}.weight": tensor.clone() for index in range(COUNT)}
        if not path.exists():
            save_file(tensors, path) if suffix == "safetensors" else torch.save(tensors, path)
        ways.append((str(path), wanted))
    command = [sys.executable, "-c", CHILD, json.dumps(ways)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    for case, line in zip(CASES, done.stdout.splitlines(), strict=True):
        peak, kept = json.loads(line)
        held = case[-1]
        assert peak < held + 16 + 16, case
        assert held - 1 < kept < held + 8, case
