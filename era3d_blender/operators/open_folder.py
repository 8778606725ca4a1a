# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a job's folder in the system's file browser."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import jobs


class ERA3D_OT_open_folder(bpy.types.Operator):
    """Show the job's folder in the file browser"""

    bl_idname = "era3d.open_folder"
    bl_label = "Open Folder"

    directory: StringProperty(
        name="Job Folder",
        description="Empty: that of the job the panel shows",
        options={"SKIP_SAVE"},
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open the folder, and only a folder: the system would start a program."""
        if not self.directory and jobs.current is None:
            return {"CANCELLED"}
        folder = Path(self.directory) if self.directory else jobs.current.job
        if not folder.is_dir():
            self.report({"ERROR"}, f"The job folder is gone: {folder}")
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=str(folder))
