# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences' pages of the doctor and of the models."""

from __future__ import annotations

import textwrap
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface

from .. import machine
from ..client.supervisor import FAILED, Supervisor
from .sidebar import clock

_LETTERS = 90
_ICONS = {"ok": "CHECKMARK", "warning": "INFO", "error": "ERROR", "problem": "ERROR"}


def draw_doctor(layout: bpy.types.UILayout) -> None:
    """Draw what the doctor found, with what can be done about it."""
    row = layout.row()
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("era3d.doctor", icon="VIEWZOOM")
    row.operator("era3d.copy_report", icon="COPYDOWN")
    if machine.asking():
        layout.label(text="Asking the backend ...", icon="TIME")
        return
    if machine.problem:
        column = layout.column(align=True)
        column.alert = True
        for line in textwrap.wrap(machine.problem, _LETTERS):
            column.label(text=line, translate=False)
    column = layout.column(align=True)
    for finding in machine.doctor.get("findings", []):
        icon = _ICONS.get(finding.get("state"), "DOT")
        for number, line in enumerate(textwrap.wrap(str(finding.get("text", "")), _LETTERS)):
            column.label(text=line, icon="BLANK1" if number else icon, translate=False)
        for line in textwrap.wrap(str(finding.get("advice", "")), _LETTERS):
            column.label(text=line, icon="BLANK1", translate=False)


def draw_models(layout: bpy.types.UILayout) -> None:
    """Draw a line a model: what it takes of the disk, and how to get or remove it."""
    if machine.download is not None and machine.download.active:
        draw_download(layout, machine.download)
    elif machine.download is not None and machine.download.state == FAILED:
        column = layout.column(align=True)
        column.alert = True
        for line in textwrap.wrap(machine.download.message, _LETTERS):
            column.label(text=line, translate=False)
    known = machine.models.get("models", [])
    if not known:
        layout.label(text="Press Examine to see the models", icon="INFO")
    for model in known:
        draw_model(layout.row(), model)
    folders = [model["folder"] for model in known if model.get("folder")]
    if folders:
        free = machine.free_gigabytes(Path(folders[0]))
        used = sum(int(model.get("size", 0)) for model in known) / 1e9
        text = iface("{:.2f} GB used, {:.0f} GB free").format(used, free)
        layout.label(text=text, icon="DISK_DRIVE", translate=False)


def draw_model(row: bpy.types.UILayout, model: dict) -> None:
    """Draw one model."""
    name, there = str(model.get("name", "")), model.get("state") == "ready"
    size = f"{int(model.get('size', 0)) / 1e9:.2f} GB" if there else iface("not here")
    row.label(text=name, icon="CHECKMARK" if there else "BLANK1", translate=False)
    row.label(text=size, translate=False)
    row.label(text=str(model.get("licence", "")), translate=False)
    row.operator_context = "INVOKE_DEFAULT"
    if model.get("source") == "built in":
        row.label(text="Comes with the backend")
    elif there:
        row.operator("era3d.remove_model", text="Remove", icon="TRASH").name = name
    else:
        row.operator("era3d.download_model", text="Download", icon="IMPORT").name = name


def draw_download(layout: bpy.types.UILayout, run: Supervisor) -> None:
    """Draw the bar of a download, in gigabytes."""
    status = run.stages["download"]
    text = f"{status.step / 1e9:.2f} / {status.of / 1e9:.2f} GB" if status.of else ""
    row = layout.row()
    row.progress(factor=status.fraction, text=text)
    row.label(text=clock(run.seconds), icon="TIME", translate=False)
    row.operator("era3d.cancel_download", icon="CANCEL")
