# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop the download of a model."""

from __future__ import annotations

import bpy

from .. import jobs, machine


class ERA3D_OT_cancel_download(bpy.types.Operator):
    """Stop; the files that are whole are not downloaded again the next time"""

    bl_idname = "era3d.cancel_download"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while it runs."""
        return machine.downloading()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask it to stop."""
        machine.download.cancel()
        jobs.redraw()
        return {"FINISHED"}
