# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the splats of the active object to a PLY."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty


class ERA3D_OT_export_splats(bpy.types.Operator):
    """Write the splats of the active object, as they were edited, to a PLY that other programs
    open
    """

    bl_idname = "era3d.export_splats"
    bl_label = "Export Splats"

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default="*.ply", options={"HIDDEN"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Edits are complete in Object Mode."""
        if context.mode != "OBJECT" or context.active_object is None:
            cls.poll_message_set("Select splats, in Object Mode")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file."""
        self.filepath = f"{context.active_object.name}.ply"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write."""
        from ..scene.splat_file import SplatFileError
        from ..scene.splats import export_splats

        path = Path(bpy.path.abspath(self.filepath))
        try:
            count = export_splats(context.active_object, path)
        except (SplatFileError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {count:,} splats to {path.name}")
        return {"FINISHED"}
