# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden networks and numbers; see tests/data/golden/README.md."""

import functools
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from era3d.diffusion.unet import Era3DUNet

FOLDER = Path(__file__).parents[2] / "data" / "golden"
sys.path.insert(0, str(FOLDER))
import recipe  # noqa: E402


def read(name: str) -> dict:
    return json.loads((FOLDER / name).read_text())


@functools.cache
def tensors(name: str) -> dict[str, torch.Tensor]:
    return load_file(FOLDER / name)


@functools.cache
def unet(case: str) -> Era3DUNet:
    """Build the network of a case; do not change it."""
    config = read(f"{case}/config.json")
    hidden = config["_golden_regressor_hidden"] or 1280
    with torch.device("meta"):
        network = Era3DUNet.from_config(config, regress_hidden_size=hidden)
    weights = {
        name: torch.from_numpy(recipe.weight(name, tuple(t.shape))).float()
        for name, t in network.state_dict().items()
    }
    network.load_state_dict(weights, assign=True)
    return network.requires_grad_(False).eval()


def inputs(case: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return noisy latents, prompts and labels of ``cfg`` or ``nocfg2obj``."""
    names = ("sample", "encoder_hidden_states", "class_labels")
    given = tensors("unet_inputs.safetensors")
    return tuple(given[f"{case}.{name}"] for name in names)


def timestep(name: str) -> int | torch.Tensor:
    mixed = tensors("unet_inputs.safetensors")["nocfg2obj.timesteps_mixed"]
    return mixed if name == "tmixed" else int(name.removeprefix("t"))


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return (a - b).abs().max().item()
