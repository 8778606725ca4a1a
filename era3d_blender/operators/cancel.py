# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop the running job."""

from __future__ import annotations

import bpy

from .. import jobs


class ERA3D_OT_cancel(bpy.types.Operator):
    """Stop the running job; the stages it has finished stay in its folder"""

    bl_idname = "era3d.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while a job runs."""
        return jobs.running()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the backend to stop; the timer sees to it that it does."""
        jobs.current.cancel()
        jobs.redraw()
        return {"FINISHED"}
