# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cameras of the active object, and how they show their pictures."""

from __future__ import annotations

import bpy

from ..scene.roots import camera_of, cameras_of, find_root
from .sidebar import SubPanel, draw_split


class ERA3D_PT_cameras(SubPanel, bpy.types.Panel):
    """The cameras of the active object, and how they show their pictures"""

    bl_idname = "ERA3D_PT_cameras"
    bl_label = "Cameras"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it for objects of ours."""
        return find_root(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw pictures, stepping, photo and frames."""
        layout, root = self.layout, find_root(context.active_object)
        layout.row().prop(root.era3d, "pictures", expand=True)
        column = draw_split(layout, context.region)
        column.active = root.era3d.pictures != "none"
        column.prop(root.era3d, "opacity", slider=True)
        column.prop(root.era3d, "in_front")
        row = layout.row(align=True)
        row.operator("era3d.look_next", text="Previous", icon="TRIA_LEFT").step = -1
        row.operator("era3d.look_next", text="Next View", icon="TRIA_RIGHT").step = 1
        column = layout.column(align=True)
        if camera_of(root, "reference") is not None:
            column.operator("era3d.match_photo", icon="CAMERA_DATA")
        column.operator("era3d.import_photos", icon="IMPORT")
        column.operator("era3d.bind_cameras", icon="MARKER_HLT")
        if any(camera.hide_get() for camera in cameras_of(root)):
            column.operator("era3d.show_cameras", icon="HIDE_OFF")


CLASSES = (ERA3D_PT_cameras,)
