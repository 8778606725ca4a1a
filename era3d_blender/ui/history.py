# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier jobs: a list with thumbnails, and what can be done with the chosen one."""

from __future__ import annotations

import time

import bpy
from bpy.app.translations import pgettext_iface as iface

from .. import history, jobs
from ..client.history import (
    BROKEN,
    CANCELLED,
    FAILED,
    FINISHED,
    INTERRUPTED,
    RUNNING,
    VIEWS,
    Record,
)
from .sidebar import SubPanel, draw_words, letters

STATES = {
    FINISHED: ("Finished", "CHECKMARK"),
    VIEWS: ("Views only", "IMAGE_DATA"),
    FAILED: ("Failed", "ERROR"),
    CANCELLED: ("Cancelled", "CANCEL"),
    RUNNING: ("Running", "TIME"),
    INTERRUPTED: ("Interrupted", "PAUSE"),
    BROKEN: ("Broken", "ERROR"),
}
_PICTURE_SCALE = 6.0


class ERA3D_UL_history(bpy.types.UIList):
    """A line a job"""

    bl_idname = "ERA3D_UL_history"

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: object,
        item: history.Era3DEntry,
        _icon: int,
        _active_data: object,
        _active_name: str,
    ) -> None:
        """Draw thumbnail, name and state."""
        record = history.records.get(item.folder)
        row = layout.row(align=True)
        if record is None:
            row.label(text=item.name, translate=False)
            return
        row.label(text=item.name, icon_value=history.icon_of(record), translate=False)
        row.label(text="", icon=STATES[record.state][1])


class ERA3D_PT_history(SubPanel, bpy.types.Panel):
    """All jobs on this computer"""

    bl_idname = "ERA3D_PT_history"
    bl_label = "History"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list and the chosen job."""
        layout, listed = self.layout, context.window_manager.era3d_history
        row = layout.row()
        row.template_list("ERA3D_UL_history", "", listed, "entries", listed, "index", rows=4)
        column = row.column(align=True)
        column.operator("era3d.history_refresh", text="", icon="FILE_REFRESH")
        column.operator("era3d.history_delete", text="", icon="TRASH")
        record = history.chosen()
        if record is not None:
            draw_record(layout, record, letters(context.region))


def draw_record(layout: bpy.types.UILayout, record: Record, width: int) -> None:
    """Draw one job, and what can be done with it."""
    box = layout.box()
    icon = history.icon_of(record)
    if icon:
        box.template_icon(icon_value=icon, scale=_PICTURE_SCALE)
    state, symbol = STATES[record.state]
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.changed))
    box.label(text=f"{iface(state)}, {when}", icon=symbol, translate=False)
    asked = record.request
    words = [str(asked.get(name, "")) for name in ("model", "quality")]
    words.append(f"{iface('Seed')} {asked.get('seed', '')}")
    box.label(text=", ".join(word for word in words if word), translate=False)
    if record.message:
        draw_words(box.column(align=True), record.message, width, "ERROR")
    folder = str(record.folder)
    column = box.column(align=True)
    if record.state == FINISHED:
        column.operator("era3d.import_job", text="Import Again", icon="IMPORT").directory = folder
    elif record.state not in (RUNNING, BROKEN):
        column.operator("era3d.resume", icon="PLAY").directory = folder
    column.operator("era3d.copy_settings", icon="COPYDOWN").directory = folder
    column.operator("era3d.open_folder", icon="FILE_FOLDER").directory = folder


def draw_interrupted(layout: bpy.types.UILayout, width: int) -> None:
    """Offer the jobs that ended with the Blender that ran them."""
    ours = {task.folder for task in jobs.tasks}
    for record in history.interrupted():
        if record.folder in ours or (jobs.current and jobs.current.job == record.folder):
            continue
        box = layout.box()
        words = iface("{} was interrupted; what it had finished is kept").format(record.folder.name)
        draw_words(box.column(align=True), words, width, "INFO")
        row = box.row(align=True)
        row.operator("era3d.resume", icon="PLAY").directory = str(record.folder)
        row.operator("era3d.history_delete", text="", icon="TRASH").directory = str(record.folder)


CLASSES = (ERA3D_UL_history, ERA3D_PT_history)
