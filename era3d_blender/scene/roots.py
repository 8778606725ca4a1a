# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an imported job is known again among the objects of a file."""

from __future__ import annotations

import math

import bpy

JOB_KEY = "era3d_job"  # custom property of a root: its job folder
VIEW_KEY = "era3d_view"  # custom property of a camera: the name of its view


def find_root(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """Return the root of the imported job an object belongs to."""
    while thing is not None and JOB_KEY not in thing:
        thing = thing.parent
    return thing


def cameras_of(root: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the cameras of an imported job, around it from the front to the right; photo last."""

    def place(camera: bpy.types.Object) -> tuple[bool, float]:
        degrees = round(math.degrees(camera.rotation_euler.z))
        return camera.data.type == "PERSP", degrees % 360

    cameras = [thing for thing in root.children_recursive if VIEW_KEY in thing]
    return sorted((camera for camera in cameras if camera.type == "CAMERA"), key=place)
