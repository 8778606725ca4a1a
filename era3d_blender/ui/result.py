# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result: its versions."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root
from .sidebar import SubPanel


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


CLASSES = (ERA3D_PT_versions,)
