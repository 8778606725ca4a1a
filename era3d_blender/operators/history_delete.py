# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete a job folder."""

import shutil
from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import history, jobs
from ..client.history import is_held


class ERA3D_OT_history_delete(bpy.types.Operator):
    """Delete the job's folder for good, not to the trash; what is in a scene stays there"""

    bl_idname = "era3d.history_delete"
    bl_label = "Delete Job"

    directory: StringProperty(
        name="Job Folder",
        description="Empty: the job that is chosen in the list",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Delete it, and nothing that is not a job."""
        from ..scene.folder import looks_like_job

        record = history.chosen()
        folder = Path(self.directory) if self.directory else record and record.folder
        if not folder:
            return {"CANCELLED"}
        if folder.is_symlink() or not looks_like_job(folder):
            self.report({"ERROR"}, f"Not a job folder: {folder}")
            return {"CANCELLED"}
        if is_held(folder):
            self.report({"ERROR"}, f"A process works on {folder.name}; cancel it first")
            return {"CANCELLED"}
        try:
            shutil.rmtree(folder)
        except OSError as error:
            self.report({"ERROR"}, f"{folder.name} cannot be deleted: {error.strerror or error}")
            return {"CANCELLED"}
        task = jobs.task_of(folder)
        if task is not None:
            jobs.remove(task)
        history.forget(folder)
        return {"FINISHED"}
