# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of the active object."""

from __future__ import annotations

import bpy

from ..scene.roots import VIEW_KEY, cameras_of, find_root
from .sidebar import SubPanel


class ERA3D_PT_views(SubPanel, bpy.types.Panel):
    """The views of the active object: look through them, build again from them."""

    bl_idname = "ERA3D_PT_views"
    bl_label = "Views"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it for objects of ours."""
        return find_root(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a button per camera and the two ways to rebuild."""
        layout = self.layout
        cameras = cameras_of(find_root(context.active_object))
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for camera in cameras:
            pressed = context.scene.camera == camera
            text = camera[VIEW_KEY].replace("_", " ").title()
            button = grid.operator("era3d.look_through", text=text, depress=pressed)
            button.view = camera[VIEW_KEY]
        if any(camera.hide_get() for camera in cameras):
            layout.operator("era3d.show_cameras", icon="HIDE_OFF")
        layout.label(text="Rebuild from painted views:")
        row = layout.row(align=True)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("era3d.rebuild", text="Mesh", icon="MESH_DATA").stage = "mesh"
        row.operator("era3d.rebuild", text="Texture", icon="TEXTURE").stage = "texture"


CLASSES = (ERA3D_PT_views,)
