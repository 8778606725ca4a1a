# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an object from a picture."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import backend, jobs
from ..client.environment import BackendMissingError, Generation, generate_order
from ..client.supervisor import Supervisor
from ..preferences import chosen_backend, new_job_folder
from ..properties import folder_property, model_property, quality_property, seed_property
from . import running


class ERA3D_OT_generate(bpy.types.Operator):
    """Make a textured mesh and its six cameras from the picture"""

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
    model: model_property()
    model_folder: folder_property()
    quality: quality_property()
    seed: seed_property()

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One job at a time."""
        if jobs.running():
            cls.poll_message_set("A job is running")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job with the panel's settings and return; the timer follows it."""
        settings = context.scene.era3d
        for name in ("model", "model_folder", "quality", "seed"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(settings, name))
        job = self._prepared(context)
        return running.follow(self, job) if job else {"CANCELLED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the job to its end and import what it made."""
        job = self._prepared(context)
        if job is None or not running.wait(self, job):
            return {"CANCELLED"}
        return bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(job.job))

    def _prepared(self, context: bpy.types.Context) -> Supervisor | None:
        try:
            way = chosen_backend()
            picture, job = self._picture(context)
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return None
        if picture is None:
            self.report({"ERROR"}, "Choose a picture first")
            return None
        model = bpy.path.abspath(self.model_folder) if self.model == "CUSTOM" else self.model
        wanted = Generation(picture, model, self.seed, self.quality)
        return backend.supervisor(way, generate_order(wanted, job), job)

    def _picture(self, context: bpy.types.Context) -> tuple[Path | None, Path]:
        """Return the picture's file and the job folder, which is made."""
        from ..scene.pictures import picture_file

        image = None if self.filepath else context.scene.era3d.picture
        if not self.filepath and image is None:
            return None, Path()
        named = Path(bpy.path.abspath(self.filepath) if self.filepath else image.name).absolute()
        if self.filepath and not named.is_file():
            raise FileNotFoundError(f"There is no picture at {named}")
        if self.directory:
            job = Path(bpy.path.abspath(self.directory)).absolute()
            job.mkdir(parents=True, exist_ok=True)
        else:
            job = new_job_folder(named)
        return (named if image is None else picture_file(image, job)), job
