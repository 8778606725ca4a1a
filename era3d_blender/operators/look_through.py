# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through one of a job's cameras."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..scene.roots import VIEW_KEY, cameras_of, find_root


class ERA3D_OT_look_through(bpy.types.Operator):
    """Look at the object as this view saw it, with the view's picture behind"""

    bl_idname = "era3d.look_through"
    bl_label = "Look Through"
    bl_options = {"REGISTER", "UNDO"}

    view: StringProperty(name="View", default="front")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the camera the scene's, and look through it where there is a 3D view."""
        from ..scene.cameras import refit

        cameras = cameras_of(find_root(context.active_object))
        camera = next((camera for camera in cameras if camera[VIEW_KEY] == self.view), None)
        if camera is None:
            self.report({"ERROR"}, f"This job has no camera {self.view}")
            return {"CANCELLED"}
        for other in cameras:  # their frames would lie over the picture
            other.hide_set(other != camera)
        refit(camera, context.scene.render)
        context.scene.camera = camera
        if context.area and context.area.type == "VIEW_3D":
            context.space_data.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}
