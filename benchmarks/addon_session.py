# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session that benchmarks/addon.py measures: blender --python addon_session.py -- ..."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/addon/gui"))

import bpy
import drive

PACKAGE = "bl_ext.user_default.era3d"
IMPORTS = 5
LONG_ENOUGH = 60
_drawn: dict[str, float] = {}


def steps() -> Iterator[None]:
    """Run a job with the panels open, then import a large one a few times."""
    yield from drive.installed()
    yield from drive.with_picture()
    for name in list(sys.modules):
        if name.startswith(f"{PACKAGE}.ui."):
            for cls in getattr(sys.modules[name], "CLASSES", ()):
                if issubclass(cls, bpy.types.Panel):
                    cls.draw = timed(cls.draw, cls.__name__)
    drive.measured_ticks()
    drive.report.update(draws=[], imports=[])
    with drive.window():
        bpy.ops.era3d.generate("INVOKE_DEFAULT", quality="draft")
    while drive.jobs().running():
        yield from a_redraw()
        if len(drive.report["draws"]) > LONG_ENOUGH:
            (drive.jobs().current.job / "go").touch()  # the tests' stand-in waits for that
    drive.report["state"] = drive.jobs().current.state
    for _ in range(30):  # with the gallery of the result
        yield from a_redraw()
    for _ in range(IMPORTS):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        yield from drive.waited(0.5)
        with drive.window():
            start = time.perf_counter()
            bpy.ops.era3d.import_job(directory=str(Path(drive.OUT).parent / "large"))
            drive.report["imports"].append(time.perf_counter() - start)
        mesh = next(thing.data for thing in bpy.data.objects if thing.type == "MESH")
        drive.report["faces"] = len(mesh.polygons)


def a_redraw() -> Iterator[None]:
    """Let everything be drawn once, and add up what our panels took of that."""
    _drawn.clear()
    yield from drive.waited(0.2)
    if _drawn:
        drive.report["draws"].append(sum(_drawn.values()))


def timed(draw: Callable, name: str) -> Callable:
    """Return a panel's draw function that takes down its last duration."""

    def measured(self: bpy.types.Panel, context: bpy.types.Context) -> None:
        start = time.perf_counter()
        draw(self, context)
        _drawn[name] = time.perf_counter() - start

    return measured


if __name__ == "__main__":
    drive.main(steps())
