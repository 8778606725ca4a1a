# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running job, or what became of the last one."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface

from .. import jobs
from ..client.estimate import stage_left, time_left
from ..client.supervisor import CANCELLED, CANCELLING, FAILED, FINISHED, StageStatus, Supervisor
from . import preview
from .sidebar import clock, draw_words, letters

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
_PREVIEW_SCALE = 9.0


def draw_job(layout: bpy.types.UILayout, job: Supervisor, region: bpy.types.Region | None) -> None:
    """Draw a job in whatever state it is."""
    width = letters(region)
    if job.active:
        draw_progress(layout, job)
    elif job.state == FAILED:
        draw_failure(layout, job, width)
    elif job.state == CANCELLED:
        draw_cancelled(layout, job)
    elif job.state == FINISHED:
        draw_result(layout, job)
    if job.active or job.state == FINISHED:
        draw_warnings(layout, job, width)


def draw_progress(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw one bar per stage, and the way out."""
    box = layout.box().column(align=True)
    for name, status in job.stages.items():
        row = box.row()
        row.active = status.state != "waiting"
        row.label(text="", icon=STAGE_ICON[status.state])
        row.progress(factor=status.fraction, text=stage_text(name, status))
    row = layout.row()
    row.label(text=clock(job.seconds), icon="TIME")
    left = time_left(job.stages, job.usual)
    if left is not None:
        row.label(text=iface("{} left").format(clock(left)), translate=False)
    text = "Stopping ..." if job.state == CANCELLING else "Cancel"
    row.operator("era3d.cancel", text=text, icon="CANCEL")
    icon = preview.icon_of(job)
    if icon:  # below the bars: on a low screen they count more
        layout.template_icon(icon_value=icon, scale=_PREVIEW_SCALE)


def draw_warnings(layout: bpy.types.UILayout, job: Supervisor, width: int) -> None:
    """Draw what the artist should know although the work goes on."""
    for warning in job.warnings:
        draw_words(layout.box().column(align=True), warning, width, "INFO")


def draw_failure(layout: bpy.types.UILayout, job: Supervisor, width: int) -> None:
    """Draw what went wrong, with the log one click away."""
    box = layout.box()
    column = box.column(align=True)
    column.alert = True
    draw_words(column, job.message or "The job failed", width, "ERROR")
    row = box.row(align=True)
    row.operator("era3d.open_log", icon="TEXT")
    row.operator("era3d.copy_details", icon="COPYDOWN")
    box.operator_context = "INVOKE_DEFAULT"
    again = box.operator("era3d.generate", text="Try Again in the Same Folder", icon="FILE_REFRESH")
    again.directory = str(job.job)


def draw_cancelled(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw the way back into a job that was stopped."""
    box = layout.box()
    box.label(text=iface("{} was cancelled").format(job.job.name), icon="CANCEL", translate=False)
    box.operator_context = "INVOKE_DEFAULT"
    box.operator("era3d.resume", icon="PLAY").directory = str(job.job)


def draw_result(layout: bpy.types.UILayout, job: Supervisor) -> None:
    """Draw what the last job made."""
    box = layout.box()
    box.label(text=f"{job.job.name}, {clock(job.seconds)}", icon="CHECKMARK")
    column = box.column(align=True)
    task = jobs.task_of(job.job)
    root = jobs.root_of(task) if task is not None and task.unseen else None
    if root is not None:  # a rebuild that ended while somebody was painting
        column.operator("era3d.update_job", icon="IMPORT").root = root.name
    else:
        text = "Import" if task is not None and task.unseen else "Import Again"
        column.operator("era3d.import_job", text=text, icon="IMPORT").directory = str(job.job)
    column.operator("era3d.open_folder", icon="FILE_FOLDER")


def stage_text(name: str, status: StageStatus) -> str:
    """Return what stands on a stage's bar."""
    title = iface(STAGE_TEXT.get(name, name))
    if status.state == "running":
        left = stage_left(status)
        steps = f"  {status.step} / {status.of}" if status.of else ""
        return f"{title}{steps}" + ("" if left is None else f"  {clock(left)}")
    if status.state == "finished" and status.seconds is not None:
        return f"{title}  {status.seconds:.1f} s"
    return title
