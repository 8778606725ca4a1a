# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show all cameras of a job again."""

from __future__ import annotations

import bpy

from ..scene.roots import cameras_of, find_root


class ERA3D_OT_show_cameras(bpy.types.Operator):
    """Show the cameras that looking through one of them has hidden"""

    bl_idname = "era3d.show_cameras"
    bl_label = "Show All Cameras"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show them."""
        for camera in cameras_of(find_root(context.active_object)):
            camera.hide_set(False)
        return {"FINISHED"}
