# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an imported job again from a stage on, with the views as they are painted now."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty

from .. import backend, jobs
from ..client.environment import BackendMissingError, rebuild_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend
from ..scene.roots import JOB_KEY, find_root
from . import running


class ERA3D_OT_rebuild(bpy.types.Operator):
    """Build the active object again from its views, which may have been painted over"""

    bl_idname = "era3d.rebuild"
    bl_label = "Rebuild"
    bl_options: set[str] = set()  # no redo panel: another stage there would block Blender

    stage: EnumProperty(
        name="From",
        items=(
            ("mesh", "Mesh", "Fuse the normal maps into a mesh again, then texture it"),
            ("texture", "Texture", "Keep the mesh, bake the colours again"),
        ),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active, and none running."""
        if jobs.running():
            cls.poll_message_set("A job is running")
            return False
        if find_root(context.active_object) is None:
            cls.poll_message_set("Select an object that Era3D made")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and return; the timer follows it."""
        root = find_root(context.active_object)
        job = self._prepared(root)
        return running.follow(self, job, root) if job else {"CANCELLED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the job to its end and update the object."""
        root = find_root(context.active_object)
        job = self._prepared(root)
        if job is None or not running.wait(self, job):
            return {"CANCELLED"}
        return bpy.ops.era3d.update_job("EXEC_DEFAULT", True, root=root.name)

    def _prepared(self, root: bpy.types.Object) -> Supervisor | None:
        from ..scene.folder import JobFolderError, looks_like_job
        from ..scene.importing import view_images
        from ..scene.pictures import save_painted

        job = Path(str(root[JOB_KEY]))
        try:
            way = chosen_backend()
            if not looks_like_job(job):
                raise JobFolderError(f"The job folder is gone: {job}")
            save_painted(view_images(root), job)
        except (BackendMissingError, JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return None
        return backend.supervisor(way, rebuild_order(job, self.stage), job)
