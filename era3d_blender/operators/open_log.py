# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what the backend printed."""

import bpy
from bpy.props import EnumProperty

from .. import installation, jobs

TEXT_NAME = "Era3D log"


class ERA3D_OT_open_log(bpy.types.Operator):
    """Show what the backend printed, in a text editor"""

    bl_idname = "era3d.open_log"
    bl_label = "Open Log"

    of: EnumProperty(
        name="Log",
        description="What was printed by what",
        items=(
            ("job", "Job", "The job that the panel shows"),
            ("set_up", "Set-up", "The installation of the backend"),
        ),
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the log's text block, and show it in a window of its own if there are windows."""
        source = jobs.current if self.of == "job" else installation.current
        if source is None:
            return {"CANCELLED"}
        try:
            contents = source.log.read_text("utf-8", "replace")
        except OSError as error:
            self.report({"ERROR"}, f"There is no log: {error}")
            return {"CANCELLED"}
        text = bpy.data.texts.get(TEXT_NAME) or bpy.data.texts.new(TEXT_NAME)
        text.from_string(contents)
        text.cursor_set(0)
        if context.window is not None and not bpy.app.background:
            bpy.ops.wm.window_new()
            area = context.window_manager.windows[-1].screen.areas[0]
            area.type = "TEXT_EDITOR"
            area.spaces.active.text = text
            area.spaces.active.show_word_wrap = True
            area.spaces.active.show_syntax_highlight = False
        return {"FINISHED"}
