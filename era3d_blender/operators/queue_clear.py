# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty the queue."""

from __future__ import annotations

import bpy

from .. import jobs


class ERA3D_OT_queue_clear(bpy.types.Operator):
    """Take all jobs but the running one off the list"""

    bl_idname = "era3d.queue_clear"
    bl_label = "Clear Queue"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be some."""
        return bool(jobs.tasks)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove them."""
        for task in [task for task in jobs.tasks if not task.supervisor.active]:
            jobs.remove(task)
        jobs.redraw()
        return {"FINISHED"}
