# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D's multiview diffusion: one picture in, six colour views and six normal maps out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from era3d.diffusion.unet import Era3DUNet as Era3DUNet

# torch and diffusers take seconds to import; who only reads a job folder must not wait for them.
_HOMES = {
    "Era3DUNet": "era3d.diffusion.unet",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
