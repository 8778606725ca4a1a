# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop the installation of the backend."""

from __future__ import annotations

import bpy

from .. import installation, jobs


class ERA3D_OT_cancel_set_up(bpy.types.Operator):
    """Stop; what was downloaded is not downloaded again the next time"""

    bl_idname = "era3d.cancel_set_up"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while it runs."""
        return installation.running()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the installer to stop."""
        installation.current.cancel()
        jobs.redraw()
        return {"FINISHED"}
