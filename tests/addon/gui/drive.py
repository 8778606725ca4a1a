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
LIMIT_SECONDS = float(os.environ.get("ERA3D_GUI_SECONDS", "600"))
report: dict[str, object] = {"version": bpy.app.version_string, "ticks": [], "cpu_ticks": []}
found_at: dict[str, tuple[int, ...]] = {}  # the height of a button, to find it sooner again


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
        start, cpu, active = time.perf_counter(), time.thread_time(), module.running()
        again = original()
        if active and again is not None:  # the last one imports
            report["ticks"].append(time.perf_counter() - start)
            report["cpu_ticks"].append(time.thread_time() - cpu)
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
    yield from picture_after("0-empty")
    with window():
        try:
            bpy.ops.era3d.generate("INVOKE_DEFAULT", filepath=PICTURE)
        except RuntimeError as error:
            report["without_backend"] = str(error)
    yield from with_picture()
    yield from picture_after("1-picture")
    measured_ticks()
    yield from a_job_and_a_queue()
    yield from another_file_during_a_job()
    yield from painted_and_rebuilt()
    yield from dropped_picture()
    yield from cancelled()
    yield from failed()
    yield from looks()
    yield from left_running()


def a_job_and_a_queue() -> Iterator[None]:
    """Press Generate twice, undo while the first runs, and look at what it made."""
    yield from click("era3d.generate")
    while jobs().running() and jobs().current.previews < 3:
        yield
    report["clicked"] = jobs().running()
    yield from click("era3d.generate")
    report["queued"] = len(jobs().waiting())
    yield from picture_after("2-running", redraw=False)  # the add-on must see to that by itself
    bpy.context.scene.era3d.seed = 9
    bpy.ops.ed.undo_push(message="seed")
    bpy.ops.ed.undo()  # the artist goes on working
    report["running_after_undo"] = jobs().running()
    first = jobs().current
    (first.job / "go").touch()
    while first.active:
        yield
    report.update(state=first.state, message=first.message)
    yield from waited(0.5)
    report["objects"] = sorted(thing.type for thing in bpy.data.objects)
    with window():
        bpy.ops.view3d.view_all()
    yield from picture_after("3-imported")
    with window():
        bpy.ops.era3d.look_through(view="front_right")
    yield from picture_after("4-camera")
    bpy.ops.ed.undo()  # looking through a camera made no step of its own: no click, no undo
    report["objects_after_undo"] = len(bpy.data.objects)
    report["job_after_undo"] = jobs().running()


def another_file_during_a_job() -> Iterator[None]:
    """Load a file while the second job runs: it goes on, and its result waits for a click."""
    task = jobs().tasks[-1]
    while task.supervisor.state == "waiting":
        yield
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    yield from waited(0.5)
    yield from show_sidebar()
    (task.folder / "go").touch()
    while task.supervisor.active:
        yield
    yield from picture_after("5-another-file")
    report["objects_in_another_file"] = len(bpy.data.objects)
    report["waits_for_a_click"] = task.unseen
    yield from click("era3d.import_job")
    yield from waited(1.0)
    report["objects_after_a_click"] = len(bpy.data.objects)


def painted_and_rebuilt() -> Iterator[None]:
    """Paint over a view, and press Rebuild."""
    camera = next(thing for thing in bpy.data.objects if thing.get("era3d_view") == "front")
    image = camera.data.background_images[0].image
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * (image.size[0] * image.size[1]))
    image.update()
    mesh = next(thing for thing in bpy.data.objects if thing.type == "MESH")
    with window():
        bpy.context.view_layer.objects.active = mesh
        report["rebuilt"] = list(bpy.ops.era3d.rebuild("INVOKE_DEFAULT"))
    job = jobs().current
    while jobs().running():
        yield
    green = bpy.data.images.load(str(job.job / "views/color_front.png"))
    report["painted_pixel"] = list(green.pixels[:3])
    report["rebuild_state"] = job.state
    bpy.data.images.remove(green)
    yield from picture_after("6-rebuilt")


def dropped_picture() -> Iterator[None]:
    """Drop a picture onto the viewport, as Blender does when a file is dropped."""
    bpy.context.scene.era3d.picture = None
    path = Path(PICTURE)
    with window():
        bpy.ops.wm.drop_import_file(
            "INVOKE_DEFAULT", directory=str(path.parent), files=[{"name": path.name}]
        )
    yield from picture_after("7-dropped")  # Blender asks: it can make an empty of it as well
    first = bpy.context.window_manager.windows[0]
    for value in ("PRESS", "RELEASE"):
        first.event_simulate("U", value, x=200, y=200)  # Use as Era3D Picture
        yield from waited(0.3)
    dropped = bpy.context.scene.era3d.picture
    report["dropped"] = dropped and dropped.name


def cancelled() -> Iterator[None]:
    """Start a job that takes long, and press Cancel."""
    os.environ["ERA3D_FAKE"] = "slow"
    backend = sys.modules["bl_ext.user_default.era3d.backend"]
    backend.close()
    yield from with_picture()
    yield from click("era3d.generate")
    while jobs().current.stages["views"].step < 1:
        yield
    yield from click("era3d.cancel")
    job = jobs().current
    while job.active:
        yield
    report["cancelled"] = job.state
    yield from picture_after("8-cancelled")


def failed() -> Iterator[None]:
    """Start a job that fails, and open its log."""
    os.environ["ERA3D_FAKE"] = "dies"
    sys.modules["bl_ext.user_default.era3d.backend"].close()
    with window():
        bpy.ops.era3d.generate("INVOKE_DEFAULT", model="CUSTOM", model_folder="/nowhere")
    while jobs().running():
        yield
    report["failure"] = jobs().current.message
    yield from picture_after("9-failed")
    yield from click("era3d.copy_details")
    report["details"] = bpy.context.window_manager.clipboard
    with window():
        bpy.ops.era3d.open_log()
    yield from picture_after("10-log")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
        bpy.ops.wm.window_close()
    yield from waited(0.5)


def looks() -> Iterator[None]:
    """Take pictures of the panel in a light theme and narrow, of lists, and of the preferences."""
    jobs().dismiss()
    themes = Path(bpy.utils.preset_paths("interface_theme")[0])
    light = next(path for path in themes.iterdir() if "light" in path.name.lower())
    bpy.ops.script.execute_preset(
        filepath=str(light), menu_idname="USERPREF_MT_interface_theme_presets"
    )
    yield from picture_after("11-light-theme")
    bpy.ops.preferences.reset_default_theme()
    first = bpy.context.window_manager.windows[0]
    for name, panel in (("12-history", "ERA3D_PT_history"), ("13-settings", "ERA3D_PT_settings")):
        first.event_simulate("MOUSEMOVE", "NOTHING", x=300, y=500)
        yield from waited(0.3)
        with window():
            bpy.ops.wm.call_panel(name=panel, keep_open=True)
        yield from picture_after(name)
        first.event_simulate("MOUSEMOVE", "NOTHING", x=1200, y=20)  # away: it closes
        yield from waited(0.5)
    os.environ["ERA3D_FAKE"], os.environ["ERA3D_FAKE_WEIGHTS"] = "good", str(Path(OUT) / "weights")
    with window():
        bpy.ops.era3d.doctor("INVOKE_DEFAULT")
    area, _ = view()
    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "era3d"
    with bpy.context.temp_override(window=first, area=area):
        bpy.ops.preferences.addon_expand(module="bl_ext.user_default.era3d")
    yield from waited(4.0, redraw=False)
    picture_of_screen("14-preferences")
    area.type = "VIEW_3D"
    yield from waited(0.5)


def left_running() -> Iterator[None]:
    """Leave Blender while a job runs."""
    os.environ["ERA3D_FAKE"] = "slow"
    sys.modules["bl_ext.user_default.era3d.backend"].close()
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


def picture_after(name: str, redraw: bool = True) -> Iterator[None]:
    """Take a picture once everything is drawn."""
    yield from waited(1.5, redraw)
    picture_of_screen(name)


def click(operator: str) -> Iterator[None]:
    """Find the sidebar's button of an operator under a moving mouse, and press it."""
    yield from waited(0.5)
    _, region = view()
    first = bpy.context.window_manager.windows[0]
    x = region.x + int(0.7 * (region.width - 30))  # beside the tabs
    rows = range(region.y + region.height - 20, region.y, -9)
    for y in (*found_at.get(operator, ()), *rows):
        first.event_simulate("MOUSEMOVE", "NOTHING", x=x, y=y)
        yield from waited(0.1, redraw=False)
        if button_under_mouse() != operator:
            continue
        yield from waited(0.4, redraw=False)  # it may only be the one that was left
        if button_under_mouse() == operator:
            for value in ("PRESS", "RELEASE"):
                first.event_simulate("LEFTMOUSE", value, x=x, y=y)
                yield from waited(0.2, redraw=False)
            found_at[operator] = (y,)
            first.event_simulate("MOUSEMOVE", "NOTHING", x=200, y=200)  # no tooltip in the way
            return
    raise LookupError(f"there is no button of {operator} in the sidebar")


def button_under_mouse() -> str:
    """Return the operator of the button that the mouse is over, as Blender itself names it."""
    area, region = view()
    first = bpy.context.window_manager.windows[0]
    bpy.context.window_manager.clipboard = ""
    with bpy.context.temp_override(window=first, area=area, region=region):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
    return bpy.context.window_manager.clipboard.partition("(")[0].removeprefix("bpy.ops.")


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
