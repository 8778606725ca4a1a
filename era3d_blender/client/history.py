# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs on disk: what they are, how far they got, and whether somebody works on them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .events import parse

FINISHED, VIEWS, FAILED, CANCELLED = "finished", "views", "failed", "cancelled"
RUNNING, INTERRUPTED, BROKEN = "running", "interrupted", "broken"
_LARGEST_JSON = 1024 * 1024
_TAIL_BYTES = 8192
_THUMBNAILS = ("preview.png", "subject.png", "views/color_front.png", "input.png")


@dataclass(frozen=True)
class Record:
    """One job folder.

    Attributes
    ----------
    folder : Path
    state : str
        ``finished``, ``views`` (there is no mesh, or none any more), ``failed``, ``cancelled``,
        ``running`` (some process holds it), ``interrupted`` (what ran it is gone) or ``broken``.
    changed : float
        Unix time.
    request : dict
        What was asked.
    seconds : dict
        What each finished stage took.
    message : str
        What went wrong.
    thumbnail : Path, optional
    """

    folder: Path
    state: str
    changed: float
    request: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    message: str = ""
    thumbnail: Path | None = None


def scan(root: Path) -> Iterator[Record]:
    """Read the jobs of a folder one after another, the newest first."""
    found = []
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                request = Path(entry.path, "request.json")
                if entry.is_dir() and request.is_file():
                    found.append((_changed(request.parent), request.parent))
    except OSError:
        return
    for changed, folder in sorted(found, reverse=True):
        yield read(folder, changed)


def read(folder: Path, changed: float | None = None) -> Record:
    """Read one job folder; anything may be missing or wrong in it."""
    changed = _changed(folder) if changed is None else changed
    request, job = _object(folder / "request.json"), _object(folder / "job.json")
    if request is None:
        return Record(folder, BROKEN, changed, message="request.json cannot be read")
    stages = (job or {}).get("stages")
    stages = stages if isinstance(stages, dict) else {}
    state, message = _state(folder, stages)
    pictures = (folder / name for name in _THUMBNAILS)
    return Record(
        folder,
        state,
        changed,
        request,
        {name: float(entry["seconds"]) for name, entry in stages.items() if _timed(entry)},
        message,
        next((path for path in pictures if path.is_file()), None),
    )


def usual_seconds(records: Iterator[Record] | list[Record], request: dict[str, Any]) -> dict:
    """Return what stages took in the newest job that asked for the same, entry by entry."""
    kinds = {
        "prepare": (),
        "views": ("model", "quality", "device"),
        "mesh": ("method", "cells", "faces", "refine", "isotropic"),
        "texture": ("texture", "texture_size", "faces", "normal_map"),
    }
    usual: dict[str, float] = {}
    for record in records:
        for stage, names in kinds.items():
            same = all(record.request.get(name) == request.get(name) for name in names)
            if stage in record.seconds and same:
                usual.setdefault(stage, record.seconds[stage])
    return usual


def is_held(folder: Path) -> bool:
    """Tell whether some process works on a job now; its lock goes with the process."""
    try:
        file = (folder / ".lock").open("r+b")
    except OSError:
        return False
    with file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _state(folder: Path, stages: dict[str, Any]) -> tuple[str, str]:
    """Return a job's state and what went wrong, from its last event that says so."""
    if is_held(folder):
        return RUNNING, ""
    last = _last_event(folder / "events.jsonl")
    if last is not None and last.kind in (FAILED, CANCELLED):
        return last.kind, last.message
    if last is None or last.kind == "done":
        if "texture" in stages and (folder / "mesh.glb").is_file():
            return FINISHED, ""
        if (folder / "views/color_front.png").is_file():
            return VIEWS, ""
        if last is not None:
            return BROKEN, "What this job made is gone"
    return INTERRUPTED, ""


def _last_event(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read(_TAIL_BYTES).split(b"\n")
    except OSError:
        return None
    return next((event for event in map(parse, reversed(lines)) if event is not None), None)


def _object(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return None
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _changed(folder: Path) -> float:
    """Return when anything last happened in a job."""
    times = []
    for name in ("request.json", "events.jsonl", "job.json"):
        try:
            times.append((folder / name).stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)


def _timed(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("seconds"), int | float)
