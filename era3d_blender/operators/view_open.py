# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paint a view in an Image Editor."""

from __future__ import annotations

import bpy

from . import editors
from .viewing import ViewOperator


class ERA3D_OT_view_open(ViewOperator, bpy.types.Operator):
    """Open the picture in an Image Editor, to look at it or to paint on it"""

    bl_idname = "era3d.view_open"
    bl_label = "Open in Image Editor"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show it where there is an Image Editor, else in a window of its own."""
        from ..scene.folder import JobFolderError

        try:
            editors.show_image(context, self.image(context))
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
