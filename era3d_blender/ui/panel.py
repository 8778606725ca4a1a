# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main panel: picture, what to make of it, and the job; all others are inside it."""

from __future__ import annotations

import bpy

from .. import jobs
from .generate import draw_settings
from .history import draw_interrupted
from .progress import draw_job
from .reference import draw_reference
from .sidebar import Sidebar, letters


class ERA3D_PT_main(Sidebar, bpy.types.Panel):
    """Picture, model, seed; the job; what came of it."""

    bl_idname = "ERA3D_PT_main"
    bl_label = "Era3D"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and the job below them."""
        layout, settings = self.layout, context.scene.era3d
        draw_reference(layout, settings, context.region)
        draw_settings(layout, settings, context.region)
        column = layout.column()
        column.scale_y = 1.6
        column.enabled = settings.picture is not None
        column.operator_context = "INVOKE_DEFAULT"
        text = "Generate" if not jobs.running() else "Add to Queue"
        column.operator("era3d.generate", text=text, icon="PLAY")
        draw_interrupted(layout, letters(context.region))
        if jobs.current is not None:
            draw_job(layout, jobs.current, context.region)
        layout.operator("era3d.import_job", text="Import Job Folder...", icon="FILE_FOLDER")


CLASSES = (ERA3D_PT_main,)
