# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the backend's environment."""

from __future__ import annotations

import bpy

from .. import backend, installation, jobs
from ..client import setup


class ERA3D_OT_remove_backend(bpy.types.Operator):
    """Remove the backend's environment from this computer; jobs and models stay"""

    bl_idname = "era3d.remove_backend"
    bl_label = "Remove Backend"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not while something uses it."""
        return not installation.running() and not jobs.running()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: it takes minutes to make it again."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove it."""
        backend.close()  # a running program cannot be removed everywhere
        setup.remove(installation.root())
        installation.forget()
        jobs.redraw()
        return {"FINISHED"}
