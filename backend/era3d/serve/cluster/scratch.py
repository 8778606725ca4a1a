# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that last as long as a process; those of killed ones are cleared by the next."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil


def own_folder(kind: str) -> Path:
    """Make a folder for this process, and remove those of its kind whose processes are gone."""
    prefix = f"era3d-{kind}-"
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        owner = folder.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))
