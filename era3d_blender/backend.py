# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's process of this Blender: started with the first job, ended with Blender."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from . import history
from .client.environment import Launch
from .client.history import read
from .client.supervisor import Supervisor
from .client.worker import Worker, WorkerRun

_GRACE_SECONDS = 6.0  # a worker that is busy leaves by itself after five

_worker: Worker | None = None
_way: Launch | None = None


def supervisor(way: Launch, order: Mapping[str, Any], job: Path) -> Supervisor:
    """Return a job for the backend, ready to start."""

    def launch(waiting: Supervisor) -> WorkerRun:
        return WorkerRun(_living(way), order, waiting.log, waiting.grace)

    request = read(job).request | order.get("request", {})
    usual = history.usual_seconds(request)
    return Supervisor(way.command, job, way.environ, launch=launch, usual=usual)


def _living(way: Launch) -> Worker:
    """Return the worker that was started this way; a new one if there is none or it has died."""
    global _worker, _way
    if _worker is not None and _worker.poll() is None:
        if _way == way:
            return _worker
        _worker.close()
    _worker, _way = Worker(way.command, Path(bpy.app.tempdir), way.environ), way
    return _worker


def close() -> None:
    """Let the worker end."""
    global _worker
    if _worker is not None:
        _worker.close()
    _worker = None


def end() -> None:
    """Let the worker end and wait for that; one that does not is killed."""
    global _worker
    if _worker is not None:
        _worker.end(_GRACE_SECONDS)
    _worker = None


def register() -> None:
    """Watch for the end of Blender."""
    atexit.register(close)


def unregister() -> None:
    """Let the worker end."""
    close()
    atexit.unregister(close)
