# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive a real Blender with a window: picture, job, result; take pictures of it.

Run by test_gui.py, or by hand: blender --python drive.py -- ARCHIVE BACKEND_PYTHON PICTURE OUT
Writes OUT/<step>.png (what the screen shows) and OUT/report.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import bpy

ARCHIVE, PYTHON, PICTURE, OUT = sys.argv[sys.argv.index("--") + 1 :][:4]
LIMIT_SECONDS = float(os.environ.get("ERA3D_GUI_SECONDS", "150"))
report: dict[str, object] = {"version": bpy.app.version_string, "ticks": []}


def jobs():
    """The installed add-on's module of that name."""
    return sys.modules["bl_ext.user_default.era3d.jobs"]


def picture_of_screen(name: str) -> None:
    """Save what the X server shows: Blender's own screenshot is black under software drawing."""
    subprocess.run(["import", "-window", "root", str(Path(OUT) / f"{name}.png")], check=True)


def view() -> tuple[bpy.types.Area, bpy.types.Region]:
    area = next(
        a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D"
    )
    return area, next(region for region in area.regions if region.type == "UI")


def window() -> object:
    """A context with a window, as a click has one."""
    area, _ = view()
    region = next(region for region in area.regions if region.type == "WINDOW")
    first = bpy.context.window_manager.windows[0]
    return bpy.context.temp_override(window=first, area=area, region=region)


def waited(seconds: float, redraw: bool = True) -> Iterator[None]:
    until = time.monotonic() + seconds
    if redraw:  # what a script changes is not drawn by itself
        view()[0].tag_redraw()
    while time.monotonic() < until:
        yield


def show_sidebar() -> Iterator[None]:
    """Open the sidebar on our tab; it must have been drawn once before a tab can be chosen."""
    area, region = view()
    area.spaces.active.show_region_ui = True
    area.spaces.active.shading.color_type = "TEXTURE"
    while region.active_panel_category == "UNSUPPORTED":
        yield
    region.active_panel_category = "Era3D"
    yield from waited(1.0)


def measured_ticks() -> None:
    """Time the add-on's timer from outside."""
    module, original = jobs(), jobs()._tick

    def tick() -> float | None:
        start, active = time.perf_counter(), module.running()
        again = original()
        if active and again is not None:  # the last one imports
            report["ticks"].append(time.perf_counter() - start)
        return again

    module._tick = tick


def installed() -> Iterator[None]:
    """Install the zip, open the sidebar and empty the scene."""
    bpy.ops.extensions.package_install_files(
        filepath=ARCHIVE, repo="user_default", enable_on_install=True, overwrite=True
    )
    yield from show_sidebar()
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    bpy.ops.ed.undo_push(message="empty")
    yield from waited(1.0)


def steps() -> Iterator[None]:
    """What an artist would do, one step after the other."""
    yield from installed()
    picture_of_screen("0-empty")
    with window():
        try:
            bpy.ops.era3d.generate("INVOKE_DEFAULT", filepath=PICTURE)
        except RuntimeError as error:
            report["without_backend"] = str(error)
    yield from with_picture()
    picture_of_screen("1-picture")
    measured_ticks()
    with window():
        report["invoked"] = list(bpy.ops.era3d.generate("INVOKE_DEFAULT"))
    while jobs().running() and jobs().current.stages["views"].step < 1:
        yield
    yield from waited(1.0, redraw=False)  # the add-on must see to that while a job runs
    picture_of_screen("2-running")
    bpy.context.scene.era3d.seed = 9
    bpy.ops.ed.undo_push(message="seed")
    bpy.ops.ed.undo()  # the artist goes on working
    while jobs().running():
        yield
    job = jobs().current
    report.update(state=job.state, message=job.message, seconds=job.seconds)
    yield from waited(1.0)
    if job.state == "finished":
        yield from look_at_the_result()
    os.environ["ERA3D_FAKE"] = "dies"  # the real backend stumbles over the folder
    with window():
        bpy.ops.era3d.generate("INVOKE_DEFAULT", model="CUSTOM", model_folder="/nowhere")
    while jobs().running():
        yield
    yield from waited(1.0)
    report["failure"] = jobs().current.message
    picture_of_screen("5-failed")
    with window():
        bpy.ops.era3d.open_log()
    yield from waited(1.5)
    picture_of_screen("6-log")
    os.environ["ERA3D_FAKE"] = "slow"
    with window():
        bpy.ops.era3d.generate("INVOKE_DEFAULT")
    report["left_running"] = jobs().current._child.pid
    yield from waited(1.0)
    report["running_at_the_end"] = jobs().running()


def with_picture() -> Iterator[None]:
    """Choose backend and picture."""
    addon = bpy.context.preferences.addons["bl_ext.user_default.era3d"]
    addon.preferences.backend_python = PYTHON
    with window():
        bpy.ops.era3d.choose_picture("INVOKE_DEFAULT", True, filepath=PICTURE)
    yield from waited(2.0)


def look_at_the_result() -> Iterator[None]:
    report["objects"] = sorted(thing.type for thing in bpy.data.objects)
    with window():
        bpy.ops.view3d.view_all()
    yield from waited(1.0)
    picture_of_screen("3-imported")
    with window():
        bpy.ops.era3d.look_through(view="front_right")
    yield from waited(1.0)
    picture_of_screen("4-camera")
    bpy.ops.ed.undo()  # looking through a camera made no step of its own: no click, no undo
    report["objects_after_undo"] = len(bpy.data.objects)
    report["job_after_undo"] = jobs().current is not None


def finish() -> None:
    Path(OUT, "report.json").write_text(json.dumps(report))
    bpy.ops.wm.quit_blender()


def main(running: Iterator[None]) -> None:
    """Step through a session with a timer, then leave Blender."""
    Path(OUT).mkdir(parents=True, exist_ok=True)
    bpy.context.preferences.view.show_splash = False
    until = time.monotonic() + LIMIT_SECONDS

    def tick() -> float | None:
        try:
            if time.monotonic() > until:
                raise TimeoutError("the session took too long")
            next(running)
        except StopIteration:
            finish()
            return None
        except Exception:
            report["error"] = traceback.format_exc()
            picture_of_screen("error")
            finish()
            return None
        return 0.1

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


if __name__ == "__main__":
    main(steps())
