# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that wait, and those that are over, of this Blender."""

from __future__ import annotations

import bpy

from .. import jobs
from ..client.supervisor import CANCELLED, FAILED, WAITING
from .sidebar import SubPanel

_ICONS = {FAILED: "ERROR", CANCELLED: "CANCEL", WAITING: "TIME"}


class ERA3D_PT_queue(SubPanel, bpy.types.Panel):
    """Jobs that wait for their turn, and what became of earlier ones"""

    bl_idname = "ERA3D_PT_queue"
    bl_label = "Queue"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Show it when there is more than the one job that the main panel shows."""
        return any(task.supervisor is not jobs.current for task in jobs.tasks)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw a line a job, with what can be done about it."""
        column = self.layout.column(align=True)
        for task in jobs.tasks:
            if task.supervisor is not jobs.current:
                draw_task(column.row(align=True), task)
        self.layout.operator("era3d.queue_clear", icon="TRASH")


def draw_task(row: bpy.types.UILayout, task: jobs.Task) -> None:
    """Draw one job of the queue."""
    state, folder = task.supervisor.state, str(task.folder)
    row.label(text=task.folder.name, icon=_ICONS.get(state, "CHECKMARK"), translate=False)
    if state == WAITING:
        up = row.operator("era3d.queue_move", text="", icon="TRIA_UP")
        up.directory, up.places = folder, -1
        down = row.operator("era3d.queue_move", text="", icon="TRIA_DOWN")
        down.directory, down.places = folder, 1
    elif task.unseen:
        row.operator("era3d.import_job", text="", icon="IMPORT").directory = folder
    elif state == FAILED:
        row.operator("era3d.copy_details", text="", icon="COPYDOWN").directory = folder
    row.operator("era3d.queue_remove", text="", icon="X").directory = folder


CLASSES = (ERA3D_PT_queue,)
