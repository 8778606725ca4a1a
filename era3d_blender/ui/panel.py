# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in the sidebar of the 3D view."""

from __future__ import annotations

import textwrap

import bpy

from .. import jobs
from ..client.supervisor import CANCELLED, CANCELLING, FAILED, FINISHED, StageStatus, Supervisor
from ..scene.roots import VIEW_KEY, cameras_of, find_root
from . import preview

STAGE_TEXT = {
    "prepare": "Cut out",
    "views": "Six views",
    "mesh": "Mesh",
    "texture": "Texture",
}
STAGE_ICON = {
    "waiting": "RADIOBUT_OFF",
    "running": "RADIOBUT_ON",
    "finished": "CHECKMARK",
    "skipped": "CHECKMARK",
    "failed": "ERROR",
}
_PREVIEW_SCALE = 7.0
_PIXELS_PER_LETTER = 7.0


class _Sidebar:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Era3D"


class ERA3D_PT_main(_Sidebar, bpy.types.Panel):
    """Picture, model, seed; the job; what came of it."""

    bl_idname = "ERA3D_PT_main"
    bl_label = "Era3D"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and the job below them."""
        layout = self.layout
        job = jobs.current
        draw_picture(layout, context.scene.era3d.picture)
        settings = layout.column()
        settings.enabled = not jobs.running()
        draw_settings(settings, context.scene.era3d)
        if job is not None and job.active:
            draw_progress(layout, job)
            draw_warnings(layout, job, letters(context.region))
            return
        column = layout.column()
        column.scale_y = 1.6
        column.enabled = context.scene.era3d.picture is not None
        column.operator_context = "INVOKE_DEFAULT"
        column.operator("era3d.generate", icon="PLAY")
        if job is not None and job.state == FAILED:
            draw_failure(layout, job, letters(context.region))
        elif job is not None and job.state == CANCELLED:
            draw_cancelled(layout, job)
        elif job is not None and job.state == FINISHED:
            draw_result(layout, job)
            draw_warnings(layout, job, letters(context.region))
        layout.operator("era3d.import_job", text="Import Job Folder...", icon="FILE_FOLDER")


class ERA3D_PT_cameras(_Sidebar, bpy.types.Panel):
    """The views of the active object: look through them, build again from them."""

    bl_idname = "ERA3D_PT_cameras"
    bl_parent_id = "ERA3D_PT_main"
    bl_label = "Views"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it for objects of ours."""
        return find_root(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a button per camera and the two ways to rebuild."""
        layout = self.layout
        cameras = cameras_of(find_root(context.active_object))
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for camera in cameras:
            pressed = context.scene.camera == camera
            text = camera[VIEW_KEY].replace("_", " ").title()
            button = grid.operator("era3d.look_through", text=text, depress=pressed)
            button.view = camera[VIEW_KEY]
        if any(camera.hide_get() for camera in cameras):
            layout.operator("era3d.show_cameras", icon="HIDE_OFF")
        layout.label(text="Rebuild from painted views:")
        row = layout.row(align=True)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("era3d.rebuild", text="Mesh", icon="MESH_DATA").stage = "mesh"
        row.operator("era3d.rebuild", text="Texture", icon="TEXTURE").stage = "texture"


def draw_picture(layout: bpy.types.UILayout, image: bpy.types.Image | None) -> None:
    """Draw the picture small."""
    icon = image.preview_ensure().icon_id if image else 0
    if icon:  # 0 without a window
        layout.template_icon(icon_value=icon, scale=_PREVIEW_SCALE)


def draw_settings(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw picture, model and seed."""
    layout.template_ID(settings, "picture", open="era3d.choose_picture")
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(settings, "model")
    if settings.model == "CUSTOM":
        column.prop(settings, "model_folder")
    column.prop(settings, "quality")
    column.prop(settings, "seed")


def draw_progress(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw one bar per stage, and the way out."""
    icon = preview.icon_of(job)
    if icon:
        layout.template_icon(icon_value=icon, scale=_PREVIEW_SCALE)
    box = layout.box().column(align=True)
    for name, status in job.stages.items():
        row = box.row()
        row.active = status.state != "waiting"
        row.label(text="", icon=STAGE_ICON[status.state])
        row.progress(factor=status.fraction, text=stage_text(name, status))
    row = layout.row()
    row.label(text=clock(job.seconds), icon="TIME")
    text = "Stopping ..." if job.state == CANCELLING else "Cancel"
    row.operator("era3d.cancel", text=text, icon="CANCEL")


def draw_warnings(layout: bpy.types.UILayout, job: Supervisor, width: int) -> None:
    """Draw what the artist should know although the work goes on."""
    for warning in job.warnings:
        column = layout.box().column(align=True)
        for number, line in enumerate(textwrap.wrap(warning, width)):
            column.label(text=line, icon="BLANK1" if number else "INFO")


def draw_failure(layout: bpy.types.UILayout, job: Supervisor, width: int) -> None:
    """Draw what went wrong, with the log one click away."""
    box = layout.box()
    column = box.column(align=True)
    column.alert = True
    for number, line in enumerate(textwrap.wrap(job.message, width) or ["The job failed"]):
        column.label(text=line, icon="BLANK1" if number else "ERROR")
    row = box.row(align=True)
    row.operator("era3d.open_log", icon="TEXT")
    row.operator("era3d.copy_details", icon="COPYDOWN")
    again = box.operator("era3d.generate", text="Try Again in the Same Folder", icon="FILE_REFRESH")
    again.directory = str(job.job)


def draw_cancelled(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw the way back into a job that was stopped."""
    row = layout.box().row()
    row.label(text=f"{job.job.name} was cancelled", icon="CANCEL")
    row.operator("era3d.generate", text="Resume").directory = str(job.job)


def draw_result(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw what the last job made."""
    box = layout.box()
    box.label(text=f"{job.job.name}, {clock(job.seconds)}", icon="CHECKMARK")
    column = box.column(align=True)
    text = "Import" if jobs.waiting else "Import Again"
    column.operator("era3d.import_job", text=text, icon="IMPORT").directory = str(job.job)
    column.operator("era3d.open_folder", icon="FILE_FOLDER")


def stage_text(name: str, status: StageStatus) -> str:
    """Return what stands on a stage's bar."""
    title = STAGE_TEXT.get(name, name)
    if status.state == "running":
        return f"{title}  {status.fraction:.0%}"
    if status.state == "finished" and status.seconds is not None:
        return f"{title}  {status.seconds:.1f} s"
    return title


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def letters(region: bpy.types.Region | None) -> int:
    """Return how many letters fit into a line of the sidebar."""
    width = region.width if region else 280
    scale = bpy.context.preferences.system.ui_scale or 1.0  # 0 without a window
    return max(20, int(width / scale / _PIXELS_PER_LETTER) - 6)
