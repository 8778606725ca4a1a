# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete the files of a model."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import jobs, machine
from ..client.environment import BackendMissingError, scrubbed
from ..client.process import Child
from ..client.question import remove_command
from ..preferences import backend_python

_LONGEST_SECONDS = 60.0


class ERA3D_OT_remove_model(bpy.types.Operator):
    """Delete the weights of this model from the disk; it can be downloaded again"""

    bl_idname = "era3d.remove_model"
    bl_label = "Remove Model"

    name: StringProperty(name="Model", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not while something may be reading it."""
        if jobs.running() or machine.downloading():
            cls.poll_message_set("Wait until the backend is idle")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete, and look again."""
        try:
            python = backend_python()
            log = Path(bpy.app.tempdir) / "era3d-remove.txt"
            child = Child(remove_command(python, self.name), log, scrubbed())
            code = child.wait(_LONGEST_SECONDS)
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        said = (child.last_lines(1) or ["it says nothing"])[0]
        self.report({"ERROR"} if code else {"INFO"}, said)
        if not code:
            bpy.ops.era3d.doctor("INVOKE_DEFAULT")
        return {"CANCELLED"} if code else {"FINISHED"}
