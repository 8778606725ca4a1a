# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""See which view coloured what."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, mesh_of


class ERA3D_OT_show_coverage(bpy.types.Operator):
    """Color the object by the view that each place has its color from, darker where less is
    known, black where no view saw it; pressed again: its texture
    """

    bl_idname = "era3d.show_coverage"
    bl_label = "Coverage"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The shown version must have a picture of it."""
        root = find_root(context.active_object)
        settings = root.era3d if root else None
        if settings is None or not settings.versions or mesh_of(root) is None:
            return False
        if settings.versions[settings.version].coverage is None:
            cls.poll_message_set("This version has none: it was made without a texture picture")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap the picture of our node."""
        from ..scene.material import TEXTURE_NODE

        root = find_root(context.active_object)
        version = root.era3d.versions[root.era3d.version]
        for material in filter(None, mesh_of(root).data.materials):
            node = material.node_tree.nodes.get(TEXTURE_NODE) if material.node_tree else None
            if node is not None:
                covered = node.image == version.coverage
                node.image = version.texture if covered else version.coverage
        return {"FINISHED"}
