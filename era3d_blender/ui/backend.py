# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend in the preferences: set up, under way, there, or failed."""

from __future__ import annotations

import textwrap

import bpy

from .. import installation
from ..client.setup import Installed
from ..client.supervisor import FAILED, Supervisor

STAGE_TEXT = {
    "tool": "Find Python and an installer",
    "environment": "Environment",
    "packages": "Packages",
    "torch": "PyTorch, the largest part",
    "backend": "Era3D",
    "check": "First start",
}
_LETTERS = 90


def draw_backend(
    layout: bpy.types.UILayout, settings: bpy.types.AddonPreferences, own: Installed | None
) -> None:
    """Draw the state of the backend's own environment and what can be done about it."""
    installer = installation.current
    if installer is not None and installer.active:
        draw_installing(layout, installer)
        return
    if own is not None:
        row = layout.row()
        row.label(text=f"The backend is set up ({own.megabytes:,} MB)", icon="CHECKMARK")
        row.operator("era3d.remove_backend", text="Remove", icon="TRASH")
        return
    layout.prop(settings, "torch_build")
    layout.prop(settings, "wheels_folder")
    layout.operator("era3d.set_up", icon="IMPORT")
    if installer is not None and installer.state == FAILED:
        column = layout.column(align=True)
        column.alert = True
        for line in textwrap.wrap(installer.message, _LETTERS):
            column.label(text=line)
        layout.operator("era3d.open_log", icon="TEXT").of = "set_up"


def draw_installing(layout: bpy.types.UILayout, installer: Supervisor) -> None:
    """Draw one bar for the whole, and what is being done."""
    names = list(installer.stages)
    done = sum(stage.fraction for stage in installer.stages.values()) / len(names)
    now = next((name for name in names if installer.stages[name].state == "running"), names[0])
    layout.progress(factor=done, text=STAGE_TEXT[now])
    row = layout.row()
    row.label(text=f"{int(installer.seconds)} s", icon="TIME")
    row.operator("era3d.open_log", icon="TEXT").of = "set_up"
    row.operator("era3d.cancel_set_up", icon="CANCEL")
