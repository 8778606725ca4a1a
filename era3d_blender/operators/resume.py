# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on with a job that did not get to its end."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import backend
from ..client.environment import BackendMissingError, rebuild_order
from ..client.history import is_held
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend
from . import running


class ERA3D_OT_resume(bpy.types.Operator):
    """Go on with this job where it was: its finished stages are kept"""

    bl_idname = "era3d.resume"
    bl_label = "Resume"
    bl_options: set[str] = set()

    directory: StringProperty(name="Job Folder", options={"SKIP_SAVE"})

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start and return; the timer follows."""
        job = self._prepared()
        return running.follow(self, job) if job else {"CANCELLED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Run to the end, and import."""
        job = self._prepared()
        if job is None or not running.wait(self, job):
            return {"CANCELLED"}
        return bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(job.job))

    def _prepared(self) -> Supervisor | None:
        from ..scene.folder import looks_like_job

        job = Path(bpy.path.abspath(self.directory)).absolute()
        try:
            way = chosen_backend()
        except BackendMissingError as error:
            self.report({"ERROR"}, str(error))
            return None
        if not looks_like_job(job):
            self.report({"ERROR"}, f"The job folder is gone: {job}")
            return None
        if is_held(job):
            self.report({"ERROR"}, f"Another process works on {job.name}; wait until it is done")
            return None
        return backend.supervisor(way, rebuild_order(job), job)
