# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the README's screenshots: a finished job beside the view of one of its cameras.

blender --python portrait.py -- ARCHIVE BACKEND_PYTHON PICTURE OUT JOB
JOB is a finished job folder of the picture, so that its stages are skipped; with an empty PICTURE
the folder is just imported. Writes OUT/panel.png.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import bpy
import drive
from mathutils import Euler


def steps() -> Iterator[None]:
    """Import through the panel, then show object and camera side by side."""
    yield from drive.installed()
    if drive.PICTURE:
        yield from drive.with_picture()
        with drive.window():
            bpy.ops.era3d.generate("INVOKE_DEFAULT", directory=sys.argv[-1])
        while drive.jobs().running():
            yield
    else:
        with drive.window():
            bpy.ops.era3d.import_job(directory=sys.argv[-1])
    yield from drive.waited(1.0)
    with drive.window():
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.55)
    yield from drive.waited(1.0)
    areas = [a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D"]
    left, right = sorted(areas, key=lambda area: area.x)
    left.spaces.active.show_region_ui, right.spaces.active.show_region_ui = True, False
    for area in (left, right):
        area.spaces.active.show_region_toolbar = area.spaces.active.show_gizmo = False
        area.spaces.active.shading.color_type = "TEXTURE"
        area.spaces.active.shading.light = "STUDIO"
        area.spaces.active.overlay.show_cursor = False
        area.spaces.active.overlay.show_outline_selected = False
        area.spaces.active.overlay.show_object_origins = False
        area.spaces.active.overlay.show_relationship_lines = False
    yield from drive.waited(1.0)
    for region in left.regions:
        if region.type == "UI":
            region.active_panel_category = "Era3D"
    bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 1024
    cameras = [thing for thing in bpy.data.objects if thing.type == "CAMERA"]
    look(right, next(camera.name for camera in cameras if camera.name.endswith("front_right")))
    for camera in cameras:
        camera.hide_set(False)
    right.spaces.active.overlay.show_extras = False
    view = left.spaces.active.region_3d
    view.view_location, view.view_distance = (0.42, 0.2, 0.2), 4.6
    view.view_rotation = Euler((1.2, 0.0, -0.5)).to_quaternion()
    yield from drive.waited(3.0)
    drive.picture_of_screen("panel")


def look(area: bpy.types.Area, name: str) -> None:
    """Look through a camera in one area."""
    region = next(region for region in area.regions if region.type == "WINDOW")
    first = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=first, area=area, region=region):
        bpy.ops.era3d.look_through(view=name.split()[-1])
        bpy.ops.view3d.view_center_camera()
        area.spaces.active.region_3d.view_camera_zoom -= 4


drive.main(steps())
