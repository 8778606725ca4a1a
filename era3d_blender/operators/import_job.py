# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a job folder into the scene."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import jobs
from ..preferences import jobs_root
from .polls import in_object_mode


class ERA3D_OT_import_job(bpy.types.Operator):
    """Bring a job folder into the scene: mesh, material, cameras with their pictures"""

    bl_idname = "era3d.import_job"
    bl_label = "Import Job"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(
        name="Job Folder", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"}
    )
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Objects are made in Object Mode."""
        return in_object_mode(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the folder, unless the caller named it."""
        if self.directory:
            return self.execute(context)
        self.directory = str(jobs_root())
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Import, and make the mesh the active object."""
        from ..scene.folder import JobFolderError
        from ..scene.importing import import_job

        try:
            made = import_job(Path(bpy.path.abspath(self.directory)), context.scene)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for thing in context.selected_objects:
            thing.select_set(False)
        shown = made.mesh or made.root  # a job that stopped at its views has no mesh yet
        shown.select_set(True)
        context.view_layer.objects.active = shown
        jobs.seen(Path(bpy.path.abspath(self.directory)))
        self.report({"INFO"}, f"Imported {made.collection.name}")
        return {"FINISHED"}
