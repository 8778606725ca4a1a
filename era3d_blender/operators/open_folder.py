# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a job's folder in the system's file browser."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import jobs


class ERA3D_OT_open_folder(bpy.types.Operator):
    """Show the job's folder in the file browser"""

    bl_idname = "era3d.open_folder"
    bl_label = "Open Folder"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must have been a job."""
        return jobs.current is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Open the folder, and only a folder: the system would start a program."""
        folder = Path(jobs.current.job)
        if not folder.is_dir():
            self.report({"ERROR"}, f"The job folder is gone: {folder}")
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=str(folder))
