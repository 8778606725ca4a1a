# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Back to what the model drew."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, job_folder
from .viewing import ViewOperator


class ERA3D_OT_view_reset(ViewOperator, bpy.types.Operator):
    """Take back all that was painted on this picture: what the model drew is there again"""

    bl_idname = "era3d.view_reset"
    bl_label = "Reset to What the Model Drew"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap the picture."""
        from ..scene.folder import JobFolderError
        from ..scene.views import reset_view

        folder = job_folder(find_root(context.active_object))
        try:
            self.image(context)
            reset_view(self.camera(context), self.kind, folder)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
