# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the order of the jobs that wait."""

from pathlib import Path

import bpy
from bpy.props import IntProperty, StringProperty

from .. import jobs


class ERA3D_OT_queue_move(bpy.types.Operator):
    """Let this job run earlier, or later, than its neighbour in the queue"""

    bl_idname = "era3d.queue_move"
    bl_label = "Move in Queue"
    bl_options = {"INTERNAL"}

    directory: StringProperty(name="Job Folder", options={"SKIP_SAVE"})
    places: IntProperty(name="Places", description="Negative: earlier", default=-1)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Move it."""
        task = jobs.task_of(Path(self.directory))
        if task not in jobs.waiting():
            return {"CANCELLED"}
        jobs.move(task, self.places)
        jobs.redraw()
        return {"FINISHED"}
