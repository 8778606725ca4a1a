# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy what the doctor found."""

from __future__ import annotations

import json

import bpy

from .. import machine


class ERA3D_OT_copy_report(bpy.types.Operator):
    """Copy all that was found, to send to somebody who can help"""

    bl_idname = "era3d.copy_report"
    bl_label = "Copy Report"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be a report."""
        return bool(machine.doctor)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put it on the clipboard."""
        told = {"blender": bpy.app.version_string, **machine.doctor}
        context.window_manager.clipboard = json.dumps(told, indent=1)
        self.report({"INFO"}, "Report copied")
        return {"FINISHED"}
