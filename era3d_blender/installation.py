# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installation of the backend that this Blender started, followed by a timer."""

from __future__ import annotations

import atexit
from pathlib import Path

import bpy

from . import jobs
from .client.supervisor import Supervisor

TICK_SECONDS = 0.2

current: Supervisor | None = None  # the one that runs, or the last one


def root() -> Path:
    """Return the folder of all environments."""
    from .preferences import user_folder

    return user_folder("environments")


def running() -> bool:
    """Tell whether an installation is under way."""
    return current is not None and current.active


def start(installer: Supervisor) -> None:
    """Start an installation and follow it with a timer.

    Raises
    ------
    BackendMissingError
        When the installer cannot be started.
    """
    global current
    installer.start()
    current = installer
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_SECONDS, persistent=True)


def wait(installer: Supervisor) -> str:
    """Run an installation to its end and return the final state."""
    global current
    current = installer
    return installer.run()


def forget() -> None:
    """Say no more of an installation that is over."""
    global current
    if not running():
        current = None


def _tick() -> float | None:
    if current is None:
        return None
    current.poll()
    jobs.redraw()
    return TICK_SECONDS if current.active else None


def _end() -> None:
    if current is not None:
        current.kill()


def register() -> None:
    """Watch for the end of Blender."""
    atexit.register(_end)


def unregister() -> None:
    """End what runs."""
    global current
    _end()
    current = None
    atexit.unregister(_end)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
