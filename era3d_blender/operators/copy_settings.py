# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the settings of an earlier job."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..client.history import BROKEN, read
from ..properties import take_request


class ERA3D_OT_copy_settings(bpy.types.Operator):
    """Set the panel to what this job was asked for, its seed and its picture included"""

    bl_idname = "era3d.copy_settings"
    bl_label = "Copy Settings"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(name="Job Folder", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy what this version knows, and say what it does not."""
        record = read(Path(self.directory))
        if record.state == BROKEN and not record.request:
            self.report({"ERROR"}, f"{record.folder}: {record.message}")
            return {"CANCELLED"}
        settings = context.scene.era3d
        misfits = take_request(record.request, settings)
        picture = record.folder / "input.png"
        if picture.is_file():
            settings.picture = bpy.data.images.load(str(picture), check_existing=True)
        if misfits:
            self.report({"WARNING"}, f"Not taken over: {', '.join(misfits)}")
        return {"FINISHED"}
