# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give an imported job what its folder holds now."""

import bpy
from bpy.props import StringProperty

from .. import jobs
from ..scene.roots import find_root, job_folder


class ERA3D_OT_update_job(bpy.types.Operator):
    """Give an imported object the mesh and texture that its job folder holds now; what it
    showed before stays as a version
    """

    bl_idname = "era3d.update_job"
    bl_label = "Update from Job"
    bl_options = {"REGISTER", "UNDO"}

    root: StringProperty(name="Root", description="Name of the job's root object")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Meshes are swapped in Object Mode."""
        return context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap mesh and texture."""
        from ..scene.folder import JobFolderError
        from ..scene.importing import update_job

        root = find_root(bpy.data.objects.get(self.root))
        if root is None:
            self.report({"ERROR"}, f"Not an imported job: {self.root}")
            return {"CANCELLED"}
        try:
            fresh = update_job(root, context.scene)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        jobs.seen(job_folder(root))
        if not fresh:
            self.report({"INFO"}, "Nothing has changed: the result is the one that is shown")
        return {"FINISHED"}
