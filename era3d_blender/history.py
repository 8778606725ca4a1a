# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs on disk as the panel lists them: read by a timer, never while drawing."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews
from bpy.props import CollectionProperty, IntProperty, PointerProperty, StringProperty

from .client import history as disk
from .client.history import Record

_SLICE_SECONDS = 0.002
_PAUSE_SECONDS = 0.02

records: dict[str, Record] = {}  # by folder, the newest first
_found: dict[str, Record] = {}
_scan: Iterator[Record] | None = None
_icons: bpy.utils.previews.ImagePreviewCollection | None = None


class Era3DEntry(bpy.types.PropertyGroup):
    """One line of the list; `name` is the job's, for the list's search."""

    folder: StringProperty()


class Era3DHistory(bpy.types.PropertyGroup):
    """The list; on the window manager, where neither undo nor a .blend file reaches it."""

    entries: CollectionProperty(type=Era3DEntry)
    index: IntProperty(name="Job", description="The job that is shown below")


def refresh() -> None:
    """Read the folder of jobs again, a slice at a time."""
    global _scan
    from .preferences import jobs_root

    _scan = disk.scan(jobs_root())
    _found.clear()
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def refresh_now() -> None:
    """Read the folder of jobs again, and wait for it."""
    refresh()
    while _tick() is not None:
        pass


def chosen() -> Record | None:
    """Return the job that is chosen in the list."""
    history = bpy.context.window_manager.era3d_history
    if 0 <= history.index < len(history.entries):
        return records.get(history.entries[history.index].folder)
    return None


def interrupted() -> list[Record]:
    """Return the jobs that ended with the Blender, or the computer, that ran them."""
    return [record for record in records.values() if record.state == disk.INTERRUPTED]


def usual_seconds(request: dict[str, Any]) -> dict[str, float]:
    """Return what stages took in the newest job that asked for the same."""
    return disk.usual_seconds(list(records.values()), request)


def icon_of(record: Record) -> int:
    """Return the icon of a job's thumbnail, or 0 if it has none or there is no window."""
    if _icons is None or record.thumbnail is None:
        return 0
    key = f"{record.thumbnail} {record.changed}"
    if key not in _icons:
        _icons.load(key, str(record.thumbnail), "IMAGE")
    return _icons[key].icon_id


def forget(folder: Path) -> None:
    """Take a job that was deleted off the list."""
    records.pop(str(folder), None)
    _fill()


def _tick() -> float | None:
    """Read for two milliseconds; show what was found once all is read."""
    global _scan
    until = time.perf_counter() + _SLICE_SECONDS
    while _scan is not None and time.perf_counter() < until:
        record = next(_scan, None)
        if record is not None:
            _found[str(record.folder)] = record
            continue
        _scan = None
        if _found != records:
            records.clear()
            records.update(_found)
            _fill()
    return None if _scan is None else _PAUSE_SECONDS


def _fill() -> None:
    from . import jobs

    history = bpy.context.window_manager.era3d_history
    history.entries.clear()
    for folder, record in records.items():
        entry = history.entries.add()
        entry.name, entry.folder = record.folder.name, folder
    history.index = min(history.index, max(len(records) - 1, 0))
    jobs.redraw()


@bpy.app.handlers.persistent
def _on_load(*_: object) -> None:
    records.clear()  # a loaded file may bring a window manager of its own
    refresh()


def register() -> None:
    """Hang the list on the window manager, and read what is there."""
    global _icons
    _icons = bpy.utils.previews.new()
    for cls in (Era3DEntry, Era3DHistory):
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.era3d_history = PointerProperty(type=Era3DHistory)
    bpy.app.handlers.load_post.append(_on_load)
    bpy.app.timers.register(_first, first_interval=1.0, persistent=True)


def unregister() -> None:
    """Take everything off again."""
    global _icons, _scan
    for timer in (_first, _tick):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    bpy.app.handlers.load_post.remove(_on_load)
    del bpy.types.WindowManager.era3d_history
    for cls in (Era3DHistory, Era3DEntry):
        bpy.utils.unregister_class(cls)
    bpy.utils.previews.remove(_icons)
    records.clear()
    _icons, _scan = None, None


def _first() -> None:
    refresh()
