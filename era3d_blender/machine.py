# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backend tells of its machine and its models, asked for by a timer."""

from __future__ import annotations

import atexit
import shutil
from pathlib import Path
from typing import Any

import bpy

from . import jobs
from .client.question import Question, doctor_command, models_command
from .client.supervisor import Supervisor

TICK_SECONDS = 0.2

doctor: dict[str, Any] = {}  # the last answer
models: dict[str, Any] = {}
problem = ""
download: Supervisor | None = None  # the one that runs, or the last one
_asked: dict[str, Question] = {}


def asking() -> bool:
    """Tell whether an answer is awaited."""
    return bool(_asked)


def downloading() -> bool:
    """Tell whether a model is being downloaded."""
    return download is not None and download.active


def ask(python: Path) -> None:
    """Ask the backend for everything and return; a timer takes the answers.

    Raises
    ------
    OSError
        When its Python cannot be started.
    """
    global problem
    problem = ""
    folder = Path(bpy.app.tempdir)
    _asked["doctor"] = Question(doctor_command(python), folder / "era3d-doctor.txt")
    _asked["models"] = Question(models_command(python), folder / "era3d-models.txt")
    _follow()


def wait() -> None:
    """Wait for all answers."""
    for question in _asked.values():
        question.wait()
    _take()


def start_download(run: Supervisor) -> None:
    """Start a download and follow it with a timer.

    Raises
    ------
    BackendMissingError
        When it cannot be started.
    """
    global download
    run.start()
    download = run
    _follow()


def free_gigabytes(folder: Path) -> float:
    """Return what is free on the disk of a folder, or of the nearest one above it that is there."""
    there = next((path for path in (folder, *folder.parents) if path.is_dir()), Path.home())
    return shutil.disk_usage(there).free / 1e9


def _follow() -> None:
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_SECONDS, persistent=True)


def _tick() -> float | None:
    _take()
    if download is not None and download.active:
        download.poll()
        if not download.active:
            bpy.ops.era3d.doctor("INVOKE_DEFAULT")
    jobs.redraw()
    return TICK_SECONDS if _asked or downloading() else None


def _take() -> None:
    """Take the answers that have come."""
    global problem
    for name, question in list(_asked.items()):
        if question.done():
            del _asked[name]
            problem = question.problem or problem
            {"doctor": doctor, "models": models}[name].update(question.answer or {})


def _end() -> None:
    if download is not None:
        download.kill()


def register() -> None:
    """Watch for the end of Blender."""
    atexit.register(_end)


def unregister() -> None:
    """End what runs, and forget."""
    global download, problem
    _end()
    download, problem = None, ""
    for told in (doctor, models, _asked):
        told.clear()
    atexit.unregister(_end)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
