# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of this Blender: it outlives undo and the loading of files, and ends with Blender."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from . import history
from .client.environment import BackendMissingError
from .client.supervisor import FINISHED, WAITING, Supervisor
from .scene.roots import find_root

TICK_SECONDS = 0.1
_REGIONS = {("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW")}


@dataclass
class Task:
    """A job and what is to become of it.

    Attributes
    ----------
    supervisor : Supervisor
    root : int
        Session id of the imported job that it updates; 0: it is imported anew.
    then : callable, optional
        Takes the finished job's folder, in place of an import.
    owned : bool
        The folder was made for this task and may go with it.
    file : int
        Which of the loaded files it was started in.
    unseen : bool
        It is finished and its import is for the artist to start.
    """

    supervisor: Supervisor
    root: int = 0
    then: Callable[[Path], None] | None = None
    owned: bool = False
    file: int = 0
    unseen: bool = False

    @property
    def folder(self) -> Path:
        """The job's folder."""
        return self.supervisor.job


tasks: list[Task] = []  # in the order they run; those that are over stay until dismissed
current: Supervisor | None = None  # the running job, or the last one
_files_loaded = 0
_drawn: object = None


def start(
    supervisor: Supervisor,
    root: bpy.types.Object | None = None,
    then: Callable[[Path], None] | None = None,
    owned: bool = False,
) -> Task:
    """Run a job, after those that were started before it, and follow it with a timer.

    Parameters
    ----------
    supervisor : Supervisor
    root : bpy.types.Object, optional
        An imported job to update at the end, in place of a new import.
    then : callable, optional
        Called with the finished job's folder, in place of an import.
    owned : bool
        The folder was made for this job alone and may go with it.

    Raises
    ------
    BackendMissingError
        When no other job runs and the backend cannot be started.
    """
    task = Task(supervisor, root.session_uid if root else 0, then, owned, _files_loaded)
    if not running():
        _begin(task)
    tasks.append(task)
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_SECONDS, persistent=True)
    return task


def adopt(supervisor: Supervisor) -> None:
    """Let the panel tell of a job that somebody else waits for."""
    global current
    current = supervisor


def running() -> bool:
    """Tell whether a job is under way."""
    return current is not None and current.active


def waiting() -> list[Task]:
    """Return the tasks that have not begun."""
    return [task for task in tasks if task.supervisor.state == WAITING]


def task_of(folder: Path) -> Task | None:
    """Return the newest task that works in a folder."""
    return next((task for task in reversed(tasks) if task.folder == folder), None)


def remove(task: Task) -> None:
    """Take a task that is not running off the list; what never began leaves nothing behind."""
    global current
    tasks.remove(task)
    if task.owned and task.supervisor.state == WAITING:
        shutil.rmtree(task.folder, ignore_errors=True)
    if current is task.supervisor:
        current = None


def move(task: Task, places: int) -> None:
    """Let a waiting task run earlier (negative) or later than other waiting ones."""
    line = waiting()
    there = line.index(task) + places
    if 0 <= there < len(line):
        one, other = tasks.index(task), tasks.index(line[there])
        tasks[one], tasks[other] = tasks[other], tasks[one]


def dismiss() -> None:
    """Forget the jobs that are over."""
    global current
    tasks[:] = [task for task in tasks if task.supervisor.active or task in waiting()]
    if not running():
        current = None


def root_of(task: Task) -> bpy.types.Object | None:
    """Return the imported job that a task updates, if it is still there."""
    root = next((thing for thing in bpy.data.objects if thing.session_uid == task.root), None)
    return root if root is not None and find_root(root) is root else None


def seen(folder: Path) -> None:
    """Take down that the artist has what a folder holds."""
    for task in tasks:
        if task.folder == folder:
            task.unseen = False


def redraw() -> None:
    """Draw sidebars and preferences again, and no viewport: that may be costly."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in _REGIONS:
                    region.tag_redraw()


def _begin(task: Task) -> None:
    global current
    task.supervisor.start()
    current = task.supervisor


def _tick() -> float | None:
    """Take in what is new; a few hundred microseconds, every tenth of a second."""
    global _drawn
    if current is None:
        return None
    events = current.poll()
    looks = (current.state, int(current.seconds))
    if events or looks != _drawn:  # the clock moves once a second
        _drawn = looks
        redraw()
    if current.active:
        return TICK_SECONDS
    over = next((task for task in tasks if task.supervisor is current), None)
    if over is not None and current.state == FINISHED:
        _bring_in(over)
    history.refresh()
    return TICK_SECONDS if _next() else None


def _next() -> bool:
    """Begin the next task that can be begun; tell whether there was one."""
    for task in waiting():
        try:
            _begin(task)
        except BackendMissingError as error:
            task.supervisor.fail(str(error))
        else:
            return True
    return False


def _bring_in(task: Task) -> None:
    """Import what a finished job made, if that disturbs nobody; else leave a button."""
    task.unseen = True
    window = next(iter(bpy.context.window_manager.windows), None)
    if window is None or task.file != _files_loaded or bpy.app.is_job_running("RENDER"):
        return
    with bpy.context.temp_override(window=window):
        if bpy.context.mode != "OBJECT":
            return
        task.unseen = False
        try:
            _deliver(task)
        except RuntimeError as error:  # what an operator reported
            task.supervisor.fail(str(error).removeprefix("Error: ").strip())


def _deliver(task: Task) -> None:
    if task.then is not None:
        task.then(task.folder)
        return
    # The second argument asks for an undo step, which a call from Python has not by itself.
    root = root_of(task)
    if root is not None:
        bpy.ops.era3d.update_job("EXEC_DEFAULT", True, root=root.name)
    elif not _is_candidate(task.folder):
        bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(task.folder))


def _is_candidate(folder: Path) -> bool:
    """Tell whether a job has but views, of a picture whose candidates the panel shows already."""
    if (folder / "mesh.glb").is_file():
        return False
    from .scene.candidates import has_root_of

    return has_root_of(folder)


@bpy.app.handlers.persistent
def _on_load(*_: object) -> None:
    global _files_loaded
    _files_loaded += 1


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
    tasks.clear()
    dismiss()
    atexit.unregister(_end)
    bpy.app.handlers.load_post.remove(_on_load)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
