# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an imported job again, with the views as they are painted now."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from .. import backend, jobs
from ..client.environment import BackendMissingError, rebuild_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend
from ..scene.roots import find_root, job_folder
from . import running
from .polls import has_job


class ERA3D_OT_rebuild(bpy.types.Operator):
    """Build the active object again from its views, which may have been painted over"""

    bl_idname = "era3d.rebuild"
    bl_label = "Rebuild"
    bl_options: set[str] = set()  # no redo panel: another stage there would block Blender

    stage: EnumProperty(
        name="From",
        items=(
            ("changed", "Rebuild", "Build what painted views and changed weights call for"),
            ("mesh", "Mesh", "Fuse the normal maps into a mesh again, then texture it"),
            ("texture", "Texture", "Keep the mesh, bake the colours again"),
        ),
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: ERA3D_OT_rebuild) -> str:
        """Return the tooltip of the stage."""
        return cls.bl_rna.properties["stage"].enum_items[properties.stage].description

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active, and none running."""
        return has_job(cls, find_root(context.active_object) is not None)

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
        from ..scene.exchange import exchange, first_stage
        from ..scene.folder import JobFolderError, looks_like_job
        from ..scene.importing import locked
        from ..scene.views import view_images, view_weights

        job = job_folder(root)
        try:
            way = chosen_backend()
            if not looks_like_job(job):
                raise JobFolderError(f"The job folder is gone: {job}")
            if locked(root):  # said now, not after minutes
                raise JobFolderError(locked(root))
            if jobs.running() and (task := jobs.task_of(job)) and task.supervisor.active:
                raise JobFolderError("This job is being worked on: wait or cancel it")
            stage = first_stage(job) if self.stage == "changed" else self.stage
            exchange(view_images(root), job)
        except (BackendMissingError, JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return None
        weights = {"view_weights": view_weights(root)}
        return backend.supervisor(way, rebuild_order(job, stage, weights), job)
