# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A view from the job's folder."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, job_folder
from .viewing import ViewOperator


class ERA3D_OT_view_reload(ViewOperator, bpy.types.Operator):
    """Read the picture's file again, which another program may have changed; strokes that are
    only in Blender are lost
    """

    bl_idname = "era3d.view_reload"
    bl_label = "Reload File"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read the file."""
        from ..scene.exchange import read
        from ..scene.folder import JobFolderError

        try:
            image = self.image(context)
            fresh = read(image, job_folder(find_root(context.active_object)))
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{image.name} was read" if fresh else "The file has not changed")
        return {"FINISHED"}
