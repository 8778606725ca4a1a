# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A training run in one file, which is replaced in one move or not at all."""

import pickle
from pathlib import Path
from typing import Any

import torch

from era3d.errors import InputError
from era3d.files import replacing

CHECKPOINT = "checkpoint.pt"


def save(state: dict[str, Any], path: Path) -> None:
    """Replace a checkpoint.

    Raises
    ------
    InputError
        If it cannot be written, as on a full disk; the last good one is still there.
    """
    try:
        with replacing(path) as temporary:
            torch.save(state, temporary)
    except (OSError, RuntimeError) as error:
        kept = "the one before is kept" if path.is_file() else "there is none yet"
        raise InputError(
            f"The checkpoint could not be written to '{path}' ({_reason(error)}); {kept}. Make "
            "room, then go on with --resume."
        ) from None


def load(path: Path, fingerprint: str) -> dict[str, Any]:
    """Read a checkpoint; nothing in the file is run as code.

    Raises
    ------
    InputError
        If it is missing, broken, or belongs to another model or other data.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"There is no checkpoint to resume: '{path}' is missing.") from None
    except pickle.UnpicklingError:
        # PyTorch's own message advises to run whatever code is in the file.
        raise InputError(f"'{path}' is no checkpoint: it holds other things.") from None
    except (OSError, RuntimeError, EOFError) as error:
        raise InputError(f"'{path}' cannot be read as a checkpoint ({_reason(error)}).") from None
    if not isinstance(state, dict) or state.get("fingerprint") != fingerprint:
        raise InputError(
            f"The checkpoint '{path}' was made with another model or other data: choose another "
            "folder."
        )
    return state


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
