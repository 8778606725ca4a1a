# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six views on six frames."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, view_cameras


class ERA3D_OT_bind_cameras(bpy.types.Operator):
    """Bind the cameras to one frame each by timeline markers: an animation renders all views"""

    bl_idname = "era3d.bind_cameras"
    bl_label = "Bind to Frames"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job with cameras must be active."""
        root = find_root(context.active_object)
        return root is not None and bool(view_cameras(root))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the markers."""
        from ..scene.cameras import bind_to_frames

        frames = bind_to_frames(find_root(context.active_object), context.scene)
        self.report({"INFO"}, f"Frames {frames[0]} to {frames[-1]} show the views")
        return {"FINISHED"}
