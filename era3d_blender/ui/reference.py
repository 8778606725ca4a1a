# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture to start from, and its cut-out as the model will see it."""

from __future__ import annotations

import bpy

from .. import cutout
from .sidebar import draw_words, letters

_PICTURE_SCALE = 7.0

CLASSES: tuple[type, ...] = ()
MODULES = (cutout,)


def draw_reference(
    layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, region: bpy.types.Region | None
) -> None:
    """Draw the picture beside its cut-out, the ways to choose one, and what is wrong with it."""
    image, shown = settings.picture, cutout.of_picture(settings)
    icons = [image.preview_ensure().icon_id if image else 0, cutout.icon_of(shown) if shown else 0]
    row = layout.row()
    for icon in filter(None, icons):  # 0 without a window
        row.template_icon(icon_value=icon, scale=_PICTURE_SCALE / (2 if all(icons) else 1) + 1)
    layout.template_ID(settings, "picture", open="era3d.choose_picture")
    row = layout.row(align=True)
    row.operator("era3d.picture_from_render", icon="RENDER_STILL")
    row.operator("era3d.picture_from_clipboard", icon="PASTEDOWN")
    if image is not None:
        draw_problem(layout, image, letters(region))
        draw_cutout(layout, settings, shown, letters(region))


def draw_problem(layout: bpy.types.UILayout, image: bpy.types.Image, width: int) -> None:
    """Draw why the image cannot be used, if it cannot."""
    from ..scene.pictures import problem_of

    problem = problem_of(image)
    if problem:
        column = layout.column(align=True)
        column.alert = True
        draw_words(column, problem, width, "ERROR")


def draw_cutout(
    layout: bpy.types.UILayout,
    settings: bpy.types.PropertyGroup,
    shown: cutout.Cutout | None,
    width: int,
) -> None:
    """Draw the margin, the mask, and what the cut-out gave cause to warn of."""
    column = layout.column(align=True)
    column.prop(settings, "crop_size", slider=True)
    row = column.row(align=True)
    row.operator_context = "INVOKE_DEFAULT"
    stale = shown is not None and shown.asked != cutout.asked_of(settings)
    text = "Update Cut-out" if stale or settings.mask else "Preview Cut-out"
    row.operator("era3d.cut_out", text=text, icon="FILE_REFRESH" if shown else "IMAGE_ALPHA")
    row.operator("era3d.mask_paint", text="", icon="BRUSH_DATA")
    if settings.mask is not None:
        row = column.row(align=True)
        row.prop(settings, "mask", text="")
        row.operator("era3d.mask_brush", text="", icon="REMOVE").blend = "ERASE_ALPHA"
        row.operator("era3d.mask_brush", text="", icon="ADD").blend = "ADD_ALPHA"
    for warning in shown.warnings if shown else ():
        draw_words(layout.column(align=True), warning, width, "INFO")
