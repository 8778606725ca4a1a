# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the folder of jobs again."""

from __future__ import annotations

import bpy

from .. import history


class ERA3D_OT_history_refresh(bpy.types.Operator):
    """Look for jobs on disk again"""

    bl_idname = "era3d.history_refresh"
    bl_label = "Refresh"
    bl_options = {"INTERNAL"}

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let a timer read them."""
        history.refresh()
        return {"FINISHED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Read them now."""
        history.refresh_now()
        return {"FINISHED"}
