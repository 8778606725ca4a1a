# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an imported job is known again among the objects of a file."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

JOB_KEY = "era3d_job"  # custom property of a root: its job folder
VIEW_KEY = "era3d_view"  # custom property of a camera: the name of its view
MESH_KEY = "era3d_mesh"  # custom property of the mesh object that results are put into
COLOR, NORMAL, PHOTO = "color", "normal", "photo"  # kinds of pictures


def find_root(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """Return the root of the imported job an object belongs to."""
    while thing is not None and JOB_KEY not in thing:
        thing = thing.parent
    return thing


def job_folder(root: bpy.types.Object) -> Path:
    """Return the job folder of an imported job; it may be gone."""
    return Path(str(root[JOB_KEY]))


def mesh_of(root: bpy.types.Object) -> bpy.types.Object | None:
    """Return the object that shows the results of an imported job, if it has one."""
    meshes = [thing for thing in root.children if thing.type == "MESH"]
    marked = [thing for thing in meshes if MESH_KEY in thing]
    return next(iter(marked or meshes), None)


def cameras_of(root: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the cameras of an imported job, around it from the front to the right; photo last."""

    def place(camera: bpy.types.Object) -> tuple[bool, float]:
        degrees = round(math.degrees(camera.rotation_euler.z))
        return camera.data.type == "PERSP", degrees % 360

    cameras = [thing for thing in root.children_recursive if VIEW_KEY in thing]
    return sorted((camera for camera in cameras if camera.type == "CAMERA"), key=place)


def camera_of(root: bpy.types.Object, view: str) -> bpy.types.Object | None:
    """Return the camera of a view, if it is still there."""
    return next((camera for camera in cameras_of(root) if camera[VIEW_KEY] == view), None)


def view_cameras(root: bpy.types.Object) -> list[bpy.types.Object]:
    """Return the orthographic cameras, in the order around the object."""
    return [camera for camera in cameras_of(root) if camera.data.type == "ORTHO"]


def title(view: str) -> str:
    """Return the name of a view as an artist reads it."""
    return view.replace("_", " ").title()
