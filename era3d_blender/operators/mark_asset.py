# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the result into the Asset Browser."""

import bpy
from bpy.props import StringProperty

from ..scene.roots import find_root, mesh_of


class ERA3D_OT_mark_asset(bpy.types.Operator):
    """Make an asset of the object as it is now, with a preview, for the Asset Browser"""

    bl_idname = "era3d.mark_asset"
    bl_label = "Mark as Asset"
    bl_options = {"REGISTER", "UNDO"}

    author: StringProperty(name="Author", description="Who made it")
    license: StringProperty(
        name="License",
        description="What others may do with it; the picture it was made from has a say in that",
    )
    tags: StringProperty(name="Tags", description="Words to find it by, separated by commas")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a result."""
        root = find_root(context.active_object)
        return root is not None and mesh_of(root) is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask who made it."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the asset."""
        from ..scene.asset import mark_asset

        root = find_root(context.active_object)
        tags = [tag.strip() for tag in self.tags.split(",") if tag.strip()]
        asset = mark_asset(root, self.author, self.license, tags)
        self.report({"INFO"}, f"{asset.name} is in the Asset Browser of this file")
        return {"FINISHED"}
