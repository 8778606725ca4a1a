# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Download a released model, once its licence was read."""

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import machine
from ..client import question
from ..client.environment import BackendMissingError
from ..client.supervisor import FINISHED, Supervisor
from ..preferences import backend_python, user_folder

_WIDTH = 620


class ERA3D_OT_download_model(bpy.types.Operator):
    """Download this model's weights; first you see what is known of their licence"""

    bl_idname = "era3d.download_model"
    bl_label = "Download Model"

    name: StringProperty(name="Model", options={"SKIP_SAVE"})
    agree: BoolProperty(
        name="I may use these weights",
        description="Only you can find out and decide whether you may use them for what you do",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One at a time, and only where Blender may go online."""
        if not bpy.app.online_access:
            cls.poll_message_set("Allow Online Access in Preferences > System")
            return False
        return not machine.downloading()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the licence's notice and ask."""
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the notice as the backend tells it."""
        column = self.layout.column(align=True)
        notice = machine.models.get("licence", {}).get("notice", "")
        for line in notice.splitlines():
            column.label(text=line, translate=False)
        self.layout.prop(self, "agree")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Download; with a window the timer follows."""
        if not self.agree:
            self.report({"ERROR"}, "Nothing was downloaded: the box was not ticked")
            return {"CANCELLED"}
        try:
            run = question.download(backend_python(), self.name, user_folder("downloads"))
            return self._waited(run) if bpy.app.background else self._started(run)
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    def _started(self, run: Supervisor) -> set[str]:
        machine.start_download(run)
        return {"FINISHED"}

    def _waited(self, run: Supervisor) -> set[str]:
        if run.run() != FINISHED:
            self.report({"ERROR"}, run.message)
            return {"CANCELLED"}
        return {"FINISHED"}
