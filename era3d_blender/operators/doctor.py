# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the backend what its machine can run."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import jobs, machine
from ..client.environment import BackendMissingError
from ..preferences import backend_python


class ERA3D_OT_doctor(bpy.types.Operator):
    """Look at graphics card, memory, packages, models and disk, and say what can be mended"""

    bl_idname = "era3d.doctor"
    bl_label = "Examine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Once at a time."""
        return not machine.asking()

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask and return; a timer takes the answer."""
        return {"FINISHED"} if self._asked() else {"CANCELLED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask, and wait for the answer."""
        if not self._asked():
            return {"CANCELLED"}
        machine.wait()
        if machine.problem:
            self.report({"ERROR"}, f"The backend does not answer: {machine.problem}")
            return {"CANCELLED"}
        return {"FINISHED"}

    def _asked(self) -> bool:
        try:
            python: Path = backend_python()
            machine.ask(python)
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return False
        jobs.redraw()
        return True
