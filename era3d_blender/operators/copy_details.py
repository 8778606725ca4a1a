# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy what a report of a problem needs."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import jobs


class ERA3D_OT_copy_details(bpy.types.Operator):
    """Copy the message, the command and the end of the log, to send to somebody who can help"""

    bl_idname = "era3d.copy_details"
    bl_label = "Copy Details"

    directory: StringProperty(
        name="Job Folder",
        description="Of which job; empty: of the one the panel shows",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must have been a job."""
        return jobs.current is not None or bool(jobs.tasks)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the text on the clipboard."""
        task = jobs.task_of(Path(self.directory)) if self.directory else None
        job = task.supervisor if task else jobs.current
        if job is None:
            return {"CANCELLED"}
        context.window_manager.clipboard = job.details()
        self.report({"INFO"}, "Details copied")
        return {"FINISHED"}
