# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model drew, kept in a job's folder ``drawn`` when a view is painted over. No bpy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .folder import inside

GIVEN = "given"  # the stamp of views that no recorded stage has drawn
_FOLDER, _STAMP = "drawn", "drawn/stamp"


def keep_original(folder: Path, name: str) -> None:
    """Keep a file of a job before it is overwritten, unless its original is kept already."""
    if stamp(folder) != _kept_stamp(folder):  # the model has drawn others since
        kept = inside(folder, _FOLDER)
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(exist_ok=True)
        inside(folder, _STAMP).write_text(stamp(folder), "utf-8")
    original = inside(folder, f"{_FOLDER}/{name}")
    if not original.exists() and inside(folder, name).is_file():
        original.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(inside(folder, name), original)


def original_of(folder: Path, name: str) -> Path:
    """Return the file with what the model drew: the kept one, or the one in place."""
    original = inside(folder, f"{_FOLDER}/{name}")
    if original.is_file() and stamp(folder) == _kept_stamp(folder):
        return original
    return inside(folder, name)


def stamp(folder: Path) -> str:
    """Return what changes when the views are drawn anew."""
    try:
        record = json.loads(inside(folder, "job.json").read_bytes())
        return str(record["stages"]["views"]["input_hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return GIVEN


def _kept_stamp(folder: Path) -> str:
    try:
        return inside(folder, _STAMP).read_text("utf-8")
    except OSError:
        return ""
