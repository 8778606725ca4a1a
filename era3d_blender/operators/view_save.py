# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A painted view into the job's folder."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, job_folder
from .viewing import ViewOperator


class ERA3D_OT_view_save(ViewOperator, bpy.types.Operator):
    """Write the picture over its file in the job's folder, whatever is there; Rebuild does so
    by itself unless the file was changed too
    """

    bl_idname = "era3d.view_save"
    bl_label = "Save to Job"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file; the original is kept."""
        from ..scene.exchange import save
        from ..scene.folder import JobFolderError

        try:
            save(self.image(context), job_folder(find_root(context.active_object)))
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
