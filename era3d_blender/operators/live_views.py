# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six views on the object, by UV Project."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, mesh_of
from .polls import has_job


class ERA3D_OT_live_views(bpy.types.Operator):
    """Cover the object with its six colour views by UV Project, so that what is painted on them
    shows at once; pressed again: the baked texture
    """

    bl_idname = "era3d.live_views"
    bl_label = "Live Views"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be an object to cover."""
        root = find_root(context.active_object)
        fits = root is not None and mesh_of(root) is not None
        return has_job(cls, fits) and context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the projection on, or take it off."""
        from ..scene.folder import JobFolderError
        from ..scene.importing import locked
        from ..scene.live_views import hide_live_views, show_live_views

        root = find_root(context.active_object)
        try:
            if locked(root):
                raise JobFolderError(locked(root))
            if not hide_live_views(root):
                show_live_views(root)
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
