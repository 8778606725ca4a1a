# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the views again with other seeds, to choose from."""

import random
import shutil

import bpy
from bpy.props import IntProperty

from .. import backend, history
from ..client.environment import BackendMissingError, Generation, generate_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend, new_job_folder
from ..properties import LARGEST_SEED
from ..scene.roots import find_root, job_folder
from . import running
from .polls import has_job


class ERA3D_OT_regenerate(bpy.types.Operator):
    """Draw the six views of this picture with other seeds and the same settings; they wait
    under Candidates, and the object stays as it is until one of them is used
    """

    bl_idname = "era3d.regenerate"
    bl_label = "Other Seeds"
    bl_options: set[str] = set()  # no redo panel: another seed there would block Blender

    seed: IntProperty(
        name="Seed",
        description="Of the first candidate, the others count up from it; -1: one at random",
        min=-1,
        max=LARGEST_SEED,
        default=-1,
    )
    count: IntProperty(name="Candidates", description="So many seeds", min=1, max=16, default=1)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return has_job(cls, find_root(context.active_object) is not None)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Queue the jobs and return."""
        for number in range(self.count):
            job = self._prepared(context, number)
            done = job and running.follow(
                self, job, then=lambda _folder: history.refresh(), owned=True
            )
            if done != {"FINISHED"}:
                return {"CANCELLED"}
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the jobs to their end, one after another."""
        for number in range(self.count):
            job = self._prepared(context, number)
            if job is None or not running.wait(self, job):
                return {"CANCELLED"}
        history.refresh_now()
        return {"FINISHED"}

    def _prepared(self, context: bpy.types.Context, number: int) -> Supervisor | None:
        """Return the job of the so-manieth seed, ready to start."""
        from ..scene.candidates import request_to_repeat
        from ..scene.folder import JobFolderError

        old = job_folder(find_root(context.active_object))
        if self.seed < 0:
            self.seed = random.randrange(LARGEST_SEED)
        seed = (self.seed + number) % (LARGEST_SEED + 1)
        try:
            request = request_to_repeat(old) | {"seed": seed}
            way = chosen_backend()
            job = new_job_folder(old)
            if (old / "mask.png").is_file():
                shutil.copyfile(old / "mask.png", job / "mask.png")
        except (BackendMissingError, JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return None
        wanted = Generation(old / "input.png", request, "views")
        return backend.supervisor(way, generate_order(wanted, job), job)
