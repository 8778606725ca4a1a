# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's process of this Blender: started with the first job, ended with Blender."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from .client.environment import scrubbed, worker_command
from .client.supervisor import Supervisor
from .client.worker import Worker, WorkerRun

_worker: Worker | None = None


def supervisor(python: Path, order: Mapping[str, Any], job: Path) -> Supervisor:
    """Return a job for the backend, ready to start."""

    def launch(waiting: Supervisor) -> WorkerRun:
        worker = _living(python, waiting.environ)
        return WorkerRun(worker, order, waiting.log, waiting.grace)

    return Supervisor(worker_command(python), job, scrubbed(), launch=launch)


def _living(python: Path, environ: Mapping[str, str]) -> Worker:
    """Return the worker of this Python; a new one if there is none or it has died."""
    global _worker
    command = worker_command(python)
    if _worker is not None and _worker.poll() is None:
        if _worker.command[: len(command)] == command:
            return _worker
        _worker.close()
    _worker = Worker(command, Path(bpy.app.tempdir), environ)
    return _worker


def close() -> None:
    """Let the worker end."""
    global _worker
    if _worker is not None:
        _worker.close()
    _worker = None


def register() -> None:
    """Watch for the end of Blender."""
    atexit.register(close)


def unregister() -> None:
    """Let the worker end."""
    close()
    atexit.unregister(close)
