# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading parts of a checkpoint strictly: data only, every tensor accounted for."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import torch
from accelerate import init_empty_weights
from huggingface_hub.errors import StrictDataclassError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from era3d.errors import InputError

# How the two libraries name the weights in a folder.
DIFFUSERS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
TRANSFORMERS = ("model.safetensors", "pytorch_model.bin")

Module = TypeVar("Module", bound=nn.Module)
Built = TypeVar("Built")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise an `InputError` that names the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"The model lacks {path}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object.")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object, leaving out the private keys that libraries add."""
    path.parent.mkdir(parents=True, exist_ok=True)
    public = {key: value for key, value in content.items() if not key.startswith("_")}
    path.write_text(json.dumps(public, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_tensors(folder: Path, names: tuple[str, str] = DIFFUSERS) -> dict[str, Tensor]:
    """Read the weights in a folder, without running any code that a file may hold.

    Parameters
    ----------
    folder : path
    names : (str, str)
        The safetensors file, which is preferred, and the pickled file.

    Raises
    ------
    InputError
        If neither file is there, it is broken, or the pickled file holds more than tensors.
    """
    path = folder / names[0]
    try:
        if path.is_file():
            return load_file(path)
        path = folder / names[1]
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"The model lacks {folder / names[0]} (or {names[1]}).") from None
    except pickle.UnpicklingError:
        raise InputError(f"{path} holds more than tensors and was not opened.") from None
    except (OSError, RuntimeError, EOFError, safetensors.SafetensorError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if not isinstance(tensors, dict) or not all(map(torch.is_tensor, tensors.values())):
        raise InputError(f"{path} holds no dictionary of tensors.")
    return tensors


def write_tensors(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Write a safetensors file of floating-point tensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ready = {name: t.detach().to("cpu", dtype).contiguous() for name, t in tensors.items()}
    save_file(ready, path)


def build(make: Callable[..., Built], config: Mapping[str, Any], path: Path) -> Built:
    """Call ``make`` with those keys of a configuration that it knows.

    Raises
    ------
    InputError
        If a value does not fit; names the file the configuration is from.
    """
    known = inspect.signature(make).parameters
    try:
        return make(**{key: value for key, value in config.items() if key in known})
    except (TypeError, ValueError, KeyError, NotImplementedError, StrictDataclassError) as error:
        raise InputError(f"{path} does not describe this part of a model: {error}.") from None


def load_module(make: Callable[[], Module], tensors: Mapping[str, Tensor], where: Path) -> Module:
    """Build a module around tensors, in float32 and ready for inference.

    Nothing is allocated or initialised before the tensors are known to fit.

    Raises
    ------
    InputError
        If a tensor is missing, superfluous or of the wrong shape; names the first few.
    """
    with init_empty_weights():
        module = make()
    expected = module.state_dict()
    problems = [f"{name} is missing" for name in expected if name not in tensors]
    for name, tensor in tensors.items():
        if name not in expected:
            problems.append(f"{name} is not part of it")
        elif tensor.shape != expected[name].shape:
            wanted, found = tuple(expected[name].shape), tuple(tensor.shape)
            problems.append(f"{name} is {found}, not {wanted}")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise InputError(f"The weights in {where} do not fit: {'; '.join(problems[:3])}{more}.")
    module.load_state_dict(tensors, assign=True)
    return module.float().requires_grad_(False).eval()
