# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the object stands, and whether it is smooth."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty

from ..scene.roots import find_root, mesh_of


class ERA3D_OT_place(bpy.types.Operator):
    """Stand the object, its cameras with it, on the ground or at a place"""

    bl_idname = "era3d.place"
    bl_label = "Place"
    bl_options = {"REGISTER", "UNDO"}

    where: EnumProperty(
        name="Where",
        items=(
            ("GROUND", "Ground", "Up or down, until it stands on the ground where it is"),
            ("CURSOR", "Cursor", "Its foot at the 3D cursor"),
            ("ORIGIN", "Origin", "Its foot at the world's origin"),
        ),
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: ERA3D_OT_place) -> str:
        """Return the tooltip of the place."""
        return cls.bl_rna.properties["where"].enum_items[properties.where].description

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be something that stands."""
        root = find_root(context.active_object)
        return root is not None and mesh_of(root) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Move the root."""
        from ..scene.placing import box_of, stand_at

        root = find_root(context.active_object)
        low, high = box_of(root)
        place = (low + high) / 2
        place.z = 0.0
        if self.where == "CURSOR":
            place = context.scene.cursor.location
        elif self.where == "ORIGIN":
            place.zero()
        stand_at(root, place)
        return {"FINISHED"}


class ERA3D_OT_shade(bpy.types.Operator):
    """Shade the object smooth or flat; results to come follow it"""

    bl_idname = "era3d.shade"
    bl_label = "Shade"
    bl_options = {"REGISTER", "UNDO"}

    smooth: BoolProperty(name="Smooth", description="Or every face flat", default=True)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a mesh of this file, and no mode that has its own."""
        root = find_root(context.active_object)
        thing = mesh_of(root) if root else None
        return thing is not None and thing.data.library is None and context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set all faces."""
        mesh = mesh_of(find_root(context.active_object)).data
        if self.smooth:
            mesh.shade_smooth()
        else:
            mesh.shade_flat()
        return {"FINISHED"}
