# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result: size and place, remeshing, coverage, asset, and its versions."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, mesh_of
from .sidebar import SubPanel, draw_split


class ERA3D_PT_result(SubPanel, bpy.types.Panel):
    """What can be done with the active object once it is there"""

    bl_idname = "ERA3D_PT_result"
    bl_label = "Result"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it for objects of ours that have a mesh."""
        root = find_root(context.active_object)
        return root is not None and mesh_of(root) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw size, place, looks, remeshing and asset."""
        layout, root = self.layout, find_root(context.active_object)
        draw_split(layout, context.region).prop(root.era3d, "height")
        row = layout.row(align=True)
        for where, text in (("GROUND", "Ground"), ("CURSOR", "Cursor"), ("ORIGIN", "Origin")):
            row.operator("era3d.place", text=text).where = where
        row = layout.row(align=True)
        row.operator("era3d.shade", text="Smooth", icon="SHADING_RENDERED").smooth = True
        row.operator("era3d.shade", text="Flat", icon="MESH_ICOSPHERE").smooth = False
        row = layout.row(align=True)
        row.operator("era3d.show_coverage", icon="MOD_UVPROJECT")
        row.operator("era3d.live_views", icon="CAMERA_STEREO")
        row = layout.row(align=True)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("era3d.remesh", text="Decimate...", icon="MOD_DECIM").method = "DECIMATE"
        row.operator("era3d.remesh", text="Quads...", icon="MOD_REMESH").method = "QUADS"
        column = layout.column()
        column.operator_context = "INVOKE_DEFAULT"
        column.operator("era3d.mark_asset", text="Mark as Asset...", icon="ASSET_MANAGER")


class ERA3D_PT_versions(SubPanel, bpy.types.Panel):
    """Earlier results of the active object"""

    bl_idname = "ERA3D_PT_versions"
    bl_label = "Versions"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it where there is more than one."""
        root = find_root(context.active_object)
        return root is not None and len(root.era3d.versions) > 1

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a line per version, the newest first."""
        from ..scene.versions import describe

        layout, settings = self.layout, find_root(context.active_object).era3d
        column = layout.column(align=True)
        for index in reversed(range(len(settings.versions))):
            version, shown = settings.versions[index], index == settings.version
            row = column.row(align=True)
            icon = "RADIOBUT_ON" if shown else "RADIOBUT_OFF"
            text = f"{version.name}: {describe(version)}"
            row.operator("era3d.version_show", text=text, icon=icon, depress=shown).index = index
            remove = row.row(align=True)
            remove.enabled = not shown
            remove.operator("era3d.versions_remove", text="", icon="X").index = index
        layout.operator("era3d.versions_remove", icon="TRASH").index = -1


CLASSES = (ERA3D_PT_result, ERA3D_PT_versions)
