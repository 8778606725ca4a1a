# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a picture file in the place of a view."""

from __future__ import annotations

from pathlib import Path

import bpy

from .choosing import PictureFileOperator
from .viewing import ViewOperator


class ERA3D_OT_view_replace(PictureFileOperator, ViewOperator, bpy.types.Operator):
    """Take a picture file in place of what the model drew; Rebuild builds with it"""

    bl_idname = "era3d.view_replace"
    bl_label = "Replace by File"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap the picture."""
        from ..scene.folder import JobFolderError
        from ..scene.views import replace_view

        try:
            self.image(context)
            path = Path(bpy.path.abspath(self.filepath))
            replace_view(self.camera(context), self.kind, path)
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
