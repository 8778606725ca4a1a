# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the picture to start from."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty


class ERA3D_OT_choose_picture(bpy.types.Operator):
    """Choose the picture to make an object from"""

    bl_idname = "era3d.choose_picture"
    bl_label = "Open Picture"
    bl_options = {"UNDO"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file, unless the caller named it."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Load the picture and show it in the panel."""
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            self.report({"ERROR"}, f"There is no picture at {path}")
            return {"CANCELLED"}
        known = set(bpy.data.images)
        image = bpy.data.images.load(str(path), check_existing=True)
        if not all(image.size):
            if image not in known:
                bpy.data.images.remove(image)
            self.report({"ERROR"}, f"Blender cannot read {path.name} as a picture")
            return {"CANCELLED"}
        context.scene.era3d.picture = image
        return {"FINISHED"}
