# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an object from a picture."""

import random
import shutil
from pathlib import Path

import bpy
from bpy.props import IntProperty, StringProperty

from .. import backend
from ..client.environment import BackendMissingError, Generation, generate_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend, new_job_folder
from ..properties import LARGEST_SEED, RequestProperties, names, request_of
from . import running


class ERA3D_OT_generate(RequestProperties, bpy.types.Operator):
    """Make a textured mesh and its six cameras from the picture; while a job runs, queue another"""

    bl_idname = "era3d.generate"
    bl_label = "Generate"
    bl_options: set[str] = set()  # no redo panel: a changed seed there would block Blender

    filepath: StringProperty(
        name="Picture",
        description="Picture file; empty: the panel's picture",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    directory: StringProperty(
        name="Job Folder",
        description="Folder to work in; empty: a new one",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    count: IntProperty(
        name="Variants",
        description="So many jobs, each with a seed of its own",
        min=1,
        max=16,
        default=1,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the jobs with the panel's settings and return; the timer follows them."""
        settings = context.scene.era3d
        try:
            request_of(settings)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not settings.keep_seed and not self.directory:
            settings.seed = random.randrange(LARGEST_SEED)
        for name in (*names(), "count"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(settings, name))
        for number in range(1 if self.directory else self.count):
            job = self._prepared(context, number)
            if job is None or running.follow(self, job, owned=not self.directory) != {"FINISHED"}:
                return {"CANCELLED"}
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the jobs to their end, one after another, and import what they made."""
        for number in range(self.count):
            job = self._prepared(context, number)
            if job is None or not running.wait(self, job):
                return {"CANCELLED"}
            bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(job.job))
        return {"FINISHED"}

    def _prepared(self, context: bpy.types.Context, number: int) -> Supervisor | None:
        """Return the job with the so-manieth seed, ready to start."""
        from ..scene.folder import JobFolderError

        try:
            request = request_of(self) | {"seed": (self.seed + number) % (LARGEST_SEED + 1)}
            way = chosen_backend()
            job = self._folder(context)
        except (BackendMissingError, OSError, ValueError) as error:
            self.report({"ERROR"}, str(error))
            return None
        try:
            picture = self._picture(context, job)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            if not self.directory:
                shutil.rmtree(job, ignore_errors=True)
            return None
        until = None if self.until == "texture" else self.until
        return backend.supervisor(
            way, generate_order(Generation(picture, request, until), job), job
        )

    def _folder(self, context: bpy.types.Context) -> Path:
        """Make and return the job folder."""
        image = context.scene.era3d.picture
        if not self.filepath and image is None:
            raise FileNotFoundError("Choose a picture first")
        named = Path(bpy.path.abspath(self.filepath) if self.filepath else image.name).absolute()
        if self.filepath and not named.is_file():
            raise FileNotFoundError(f"There is no picture at {named}")
        if not self.directory:
            return new_job_folder(named)
        job = Path(bpy.path.abspath(self.directory)).absolute()
        job.mkdir(parents=True, exist_ok=True)
        return job

    def _picture(self, context: bpy.types.Context, job: Path) -> Path:
        """Return the picture's file; what is only in Blender is written into the job."""
        from ..scene.mask import write_mask
        from ..scene.pictures import picture_file

        if self.filepath:
            return Path(bpy.path.abspath(self.filepath)).absolute()
        settings = context.scene.era3d
        if settings.mask is not None:
            write_mask(settings.mask, job / "mask.png")
        return picture_file(settings.picture, job)
