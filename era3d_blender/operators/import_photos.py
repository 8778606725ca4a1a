# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the cameras of photographs into the scene."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root
from .polls import has_job, in_object_mode


class ERA3D_OT_import_photos(bpy.types.Operator):
    """Bring the cameras that were found for photographs of the active object into the scene,
    each with its photograph, and the points that the photographs share
    """

    bl_idname = "era3d.import_photos"
    bl_label = "Import Photo Cameras"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job, in Object Mode."""
        job = has_job(cls, find_root(context.active_object) is not None)
        return job and in_object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Import."""
        from ..scene.folder import JobFolderError
        from ..scene.photos import import_photos

        try:
            cameras = import_photos(find_root(context.active_object), context.scene)
        except (JobFolderError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Imported {len(cameras)} cameras of photographs")
        return {"FINISHED"}
