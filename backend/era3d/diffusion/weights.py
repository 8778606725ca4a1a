# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading weights strictly and frugally: data only, each tensor accounted for, one copy at a time.

Files are mapped into memory, not read: a tensor that is wanted as it lies in its file costs
nothing until it is used. Others are converted a few at a time, and their pages let go at once, so
that loading never holds a model twice.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import safetensors
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors.torch import save_file
from torch import Tensor, nn

from era3d.errors import InputError

# Bytes of a file that are converted before their memory is let go.
PORTION = 2**28
_FLOATS = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
_SENSELESS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    StrictDataclassError,
)
_BROKEN = (OSError, RuntimeError, EOFError, safetensors.SafetensorError)

Module = TypeVar("Module", bound=nn.Module)
Built = TypeVar("Built")


class Entry(NamedTuple):
    """What a file says of a tensor; ``dtype`` is None for anything but floating-point numbers."""

    shape: tuple[int, ...]
    dtype: torch.dtype | None


class WeightFile:
    """The tensors of a file, of which only those are read that are asked for.

    Parameters
    ----------
    path : path
        A safetensors file, or a pickled one, of which no code is run.

    Attributes
    ----------
    entries : dict of str to Entry

    Raises
    ------
    InputError
        If the file is broken, or a pickled file holds more than tensors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pickled = path.suffix != ".safetensors"
        self._kept: dict[str, Tensor] | None = None
        try:
            self.entries = self._pickled_entries() if self._pickled else self._safe_entries()
        except FileNotFoundError:
            raise InputError(f"The model lacks {path}.") from None
        except pickle.UnpicklingError:
            raise InputError(
                f"{path} holds more than tensors and was not opened: a pickled file can run code. "
                "Get the model as .safetensors from somebody you trust."
            ) from None
        except _BROKEN as error:
            raise InputError(f"{path} cannot be read: {error}.") from None

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Return tensors by name, as they lie in the file; each may be asked for once."""
        if self._kept is not None:
            return {name: self._kept.pop(name) for name in names}
        if self._pickled:
            tensors = self._load(mapped=True)
            return {name: tensors[name] for name in names}
        with safetensors.safe_open(self.path, "pt") as file:
            return {name: file.get_tensor(name) for name in names}

    def portions(self, names: Iterable[str]) -> Iterator[list[str]]:
        """Split names of tensors into lists of at most `PORTION` bytes, or one tensor."""
        portion: list[str] = []
        size = 0
        for name in names:
            shape, dtype = self.entries[name]
            own = torch.Size(shape).numel() * (dtype or torch.int64).itemsize
            if portion and size + own > PORTION:
                yield portion
                portion, size = [], 0
            portion.append(name)
            size += own
        if portion:
            yield portion

    def _safe_entries(self) -> dict[str, Entry]:
        with safetensors.safe_open(self.path, "pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return {
            name: Entry(tuple(each.get_shape()), _FLOATS.get(each.get_dtype()))
            for name, each in slices.items()
        }

    def _pickled_entries(self) -> dict[str, Entry]:
        try:
            tensors = self._load(mapped=True)
        except RuntimeError as error:
            if "mmap" not in str(error):
                raise
            # The format before PyTorch 1.6 cannot be mapped.
            tensors = self._kept = self._load(mapped=False)
        if not isinstance(tensors, dict) or not all(map(torch.is_tensor, tensors.values())):
            raise InputError(f"{self.path} holds no dictionary of tensors.")
        floats = set(_FLOATS.values())
        return {
            str(name): Entry(tuple(t.shape), t.dtype if t.dtype in floats else None)
            for name, t in tensors.items()
        }

    def _load(self, mapped: bool) -> dict[str, Tensor]:
        loaded: dict[str, Tensor] = torch.load(
            self.path, map_location="cpu", weights_only=True, mmap=mapped
        )
        return loaded


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a small file in float32; see `WeightFile`."""
    file = WeightFile(path)
    return {name: tensor.float() for name, tensor in file.read(list(file.entries)).items()}


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
    with described_by(path):
        return make(**{key: value for key, value in config.items() if key in known})


@contextmanager
def described_by(path: Path) -> Iterator[None]:
    """Let what libraries raise for values that make no sense be an `InputError` naming a file."""
    try:
        yield
    except _SENSELESS as error:
        raise InputError(
            f"{path} does not describe this part of a model: {error or type(error).__name__}."
        ) from None


def load_module(
    make: Callable[[], Module],
    path: Path,
    dtype: torch.dtype | None = torch.float32,
    renamed: Callable[[str], str] = str,
) -> Module:
    """Build a module around the tensors of a file, ready for inference, in the host's memory.

    Nothing is allocated or initialised before the tensors are known to fit. Where ``dtype`` is
    the file's, the module's tensors are the mapped file.

    Parameters
    ----------
    make : callable
        Builds the module.
    path : path
        See `WeightFile`.
    dtype : torch.dtype or None
        Of the module's parameters; None: as in the file.
    renamed : callable
        Turns a name in the file into the module's.

    Raises
    ------
    InputError
        If a tensor is missing, superfluous or of the wrong shape or kind; names the first few.
    """
    # Takes seconds to import; who only looks at what files hold must not wait for it.
    from accelerate import init_empty_weights

    file = WeightFile(path)
    with init_empty_weights(), described_by(path.with_name("config.json")):
        module = make()
    names = {renamed(name): name for name in file.entries if not _is_count(file, name)}
    _check_fit(module.state_dict(), {name: file.entries[own] for name, own in names.items()}, path)
    owns = {own: name for name, own in names.items()}
    for portion in file.portions(owns):
        tensors = file.read(portion)
        part = {owns[own]: tensors.pop(own).to(dtype=dtype) for own in portion}
        module.load_state_dict(part, strict=False, assign=True)
    return module.requires_grad_(False).eval()


def _is_count(file: WeightFile, name: str) -> bool:
    """Whether a tensor is 0, 1, 2, ...: old versions of transformers saved this with a model."""
    if not name.endswith(".position_ids") or file.entries[name].dtype is not None:
        return False
    numbers = file.read([name])[name].flatten()
    return torch.equal(numbers, torch.arange(len(numbers), dtype=numbers.dtype))


def _check_fit(wanted: Mapping[str, Tensor], found: Mapping[str, Entry], path: Path) -> None:
    problems = [f"{name} is missing" for name in wanted if name not in found]
    for name, (shape, dtype) in found.items():
        if name not in wanted:
            problems.append(f"{name} is not part of it")
        elif shape != wanted[name].shape:
            problems.append(f"{name} is {shape}, not {tuple(wanted[name].shape)}")
        elif dtype is None:
            problems.append(f"{name} does not hold 16-, 32- or 64-bit floating-point numbers")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise InputError(f"The weights in {path} do not fit: {'; '.join(problems[:3])}{more}.")
