# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the subject out of the picture, to see what the model will see."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from .. import backend, cutout, jobs
from ..client.environment import BackendMissingError, Generation, generate_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend
from . import running


class ERA3D_OT_cut_out(bpy.types.Operator):
    """Cut the subject out as Generate will, and warn of what may go wrong; takes seconds"""

    bl_idname = "era3d.cut_out"
    bl_label = "Preview Cut-out"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a picture."""
        if context.scene.era3d.picture is None:
            cls.poll_message_set("Choose a picture first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start and return; the timer follows."""
        job = self._prepared(context)
        asked = cutout.asked_of(context.scene.era3d)
        return running.follow(self, job, then=lambda _: _take(job, asked)) if job else {"CANCELLED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end."""
        job = self._prepared(context)
        if job is None or not running.wait(self, job):
            return {"CANCELLED"}
        _take(job, cutout.asked_of(context.scene.era3d))
        return {"FINISHED"}

    def _prepared(self, context: bpy.types.Context) -> Supervisor | None:
        from ..scene.folder import JobFolderError
        from ..scene.mask import write_mask
        from ..scene.pictures import picture_file

        settings = context.scene.era3d
        try:
            way = chosen_backend()
            # Of this session: the folder goes when Blender does.
            job = Path(tempfile.mkdtemp(prefix="cutout-", dir=bpy.app.tempdir))
            picture = picture_file(settings.picture, job)
            if settings.mask is not None:
                write_mask(settings.mask, job / "mask.png")
        except (BackendMissingError, JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return None
        wanted = Generation(picture, {"crop_size": settings.crop_size}, "prepare")
        return backend.supervisor(way, generate_order(wanted, job), job)


def _take(job: Supervisor, asked: tuple[int, int, int]) -> None:
    """Show what came out; as a job it is of no interest."""
    cutout.take(job.job, asked, job.warnings)
    task = jobs.task_of(job.job)
    if task is not None:
        jobs.remove(task)
    else:
        jobs.dismiss()
    jobs.redraw()
