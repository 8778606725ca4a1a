# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of this Blender: it outlives undo and the loading of files, and ends with Blender."""

from __future__ import annotations

import atexit
from pathlib import Path

import bpy

from .client.supervisor import FINISHED, Supervisor
from .scene.roots import find_root

TICK_SECONDS = 0.1
_REGIONS = {("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW")}

current: Supervisor | None = None  # the running job, or the last one
waiting = False  # the job is finished and its import is for the artist to start
_root_name = ""  # the imported job that a rebuild updates
_same_file = True


def start(supervisor: Supervisor, root: bpy.types.Object | None = None) -> None:
    """Start a job and follow it with a timer.

    Parameters
    ----------
    supervisor : Supervisor
    root : bpy.types.Object, optional
        An imported job to update at the end, in place of a new import.

    Raises
    ------
    BackendMissingError
        When the backend cannot be started.
    """
    supervisor.start()
    adopt(supervisor)
    global _root_name
    _root_name = root.name if root else ""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_SECONDS, persistent=True)


def adopt(supervisor: Supervisor) -> None:
    """Let the panel tell of this job."""
    global current, waiting, _same_file
    current, waiting, _same_file = supervisor, False, True


def running() -> bool:
    """Tell whether a job is under way."""
    return current is not None and current.active


def dismiss() -> None:
    """Forget a job that is over."""
    global current, waiting
    if not running():
        current, waiting = None, False


def redraw() -> None:
    """Draw sidebars and preferences again, and no viewport: that may be costly."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in _REGIONS:
                    region.tag_redraw()


def _tick() -> float | None:
    """Take in what is new; a few hundred microseconds, every tenth of a second."""
    if current is None:
        return None
    current.poll()
    redraw()
    if current.active:
        return TICK_SECONDS
    if current.state == FINISHED:
        _bring_in(current.job)
    return None


def _bring_in(job: Path) -> None:
    """Import what a finished job made, if that disturbs nobody; else leave a button."""
    global waiting
    waiting = True
    window = next(iter(bpy.context.window_manager.windows), None)
    if window is None or not _same_file or bpy.app.is_job_running("RENDER"):
        return
    with bpy.context.temp_override(window=window):
        if bpy.context.mode != "OBJECT":
            return
        root = find_root(bpy.data.objects.get(_root_name))
        try:
            # The second argument asks for an undo step, which a call from Python has not by itself.
            if root is None:
                bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(job))
            else:
                bpy.ops.era3d.update_job("EXEC_DEFAULT", True, root=root.name)
        except RuntimeError as error:  # what the operator reported
            current.fail(str(error).removeprefix("Error: ").strip())
    waiting = False


@bpy.app.handlers.persistent
def _on_load(*_: object) -> None:
    global _same_file
    _same_file = False


def _end() -> None:
    if current is not None:
        current.kill()


def register() -> None:
    """Watch for loaded files and for the end of Blender."""
    bpy.app.handlers.load_post.append(_on_load)
    atexit.register(_end)


def unregister() -> None:
    """End what runs and stop watching."""
    _end()
    dismiss()
    atexit.unregister(_end)
    bpy.app.handlers.load_post.remove(_on_load)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
