# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edit a view in the artist's own image editor."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, job_folder
from .viewing import ViewOperator


class ERA3D_OT_view_edit(ViewOperator, bpy.types.Operator):
    """Open the picture's file in the image editor that Preferences > File Paths names; after
    saving there, Rebuild or Reload takes it over
    """

    bl_idname = "era3d.view_edit"
    bl_label = "Edit Externally"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write what was painted here, then open the file."""
        from ..scene.exchange import exchange
        from ..scene.folder import JobFolderError, inside
        from ..scene.pictures import FILE_KEY

        folder = job_folder(find_root(context.active_object))
        try:
            image = self.image(context)
            exchange([image], folder)
            path = inside(folder, image[FILE_KEY])
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            return {"FINISHED"}
        try:
            return bpy.ops.image.external_edit(filepath=str(path))
        except RuntimeError as error:
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
