# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this software keeps a person's choices and what it worked out once."""

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """Return the folder for what cannot be had again: consent, the list of imported models.

    ``ERA3D_HOME`` in the environment replaces the system's usual place.
    """
    if own := os.environ.get("ERA3D_HOME"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        return _windows() / "era3d"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "era3d"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "era3d"


def cache_folder() -> Path:
    """Return the folder for what can be worked out again; see `data_folder`."""
    if os.environ.get("ERA3D_HOME") or sys.platform == "win32":
        return data_folder() / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "era3d"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "era3d"


def _windows() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
