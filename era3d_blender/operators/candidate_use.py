# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the views of another seed."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..scene.roots import find_root


class ERA3D_OT_candidate_use(bpy.types.Operator):
    """Put these views behind the object's cameras; Rebuild makes the mesh of them, and what is
    there now stays as a version
    """

    bl_idname = "era3d.candidate_use"
    bl_label = "Use"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(
        name="Job Folder", description="The candidate's job folder", subtype="DIR_PATH"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap the views."""
        from ..scene.candidates import use_job
        from ..scene.folder import JobFolderError

        root = find_root(context.active_object)
        try:
            use_job(root, Path(bpy.path.abspath(self.directory)), context.scene)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
