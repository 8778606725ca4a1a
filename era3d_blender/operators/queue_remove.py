# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a job off the queue."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import jobs


class ERA3D_OT_queue_remove(bpy.types.Operator):
    """Take this job off the list; what it has made stays in its folder"""

    bl_idname = "era3d.queue_remove"
    bl_label = "Remove from Queue"
    bl_options = {"INTERNAL"}

    directory: StringProperty(name="Job Folder", options={"SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove it, unless it has begun since the panel was drawn."""
        task = jobs.task_of(Path(self.directory))
        if task is None or task.supervisor.active:
            return {"CANCELLED"}
        jobs.remove(task)
        jobs.redraw()
        return {"FINISHED"}
