# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaussian splats: bring them in, how many are shown, write them out."""

from __future__ import annotations

import bpy

from .sidebar import SubPanel, draw_split


class ERA3D_PT_splats(SubPanel, bpy.types.Panel):
    """Splats of the active job, or of any file"""

    bl_idname = "ERA3D_PT_splats"
    bl_label = "Splats"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw import and, for splats, how they are shown and export."""
        self.layout.operator("era3d.import_splats", icon="IMPORT")
        thing = context.active_object
        if thing is None or "era3d_splats" not in thing:
            return
        from ..scene.splat_nodes import settings  # it brings numpy: not before it is needed

        column = draw_split(self.layout, context.region)
        for modifier in thing.modifiers:
            if modifier.type == "NODES":
                for name, owner, path in settings(modifier):
                    column.prop(owner, path, text=name)
        self.layout.operator("era3d.export_splats", icon="EXPORT")


CLASSES = (ERA3D_PT_splats,)
MODULES = ()
