# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model is asked for."""

from __future__ import annotations

import bpy

CLASSES: tuple[type, ...] = ()


def draw_settings(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw model, quality and seed."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(settings, "model")
    if settings.model == "CUSTOM":
        column.prop(settings, "model_folder")
    column.prop(settings, "quality")
    column.prop(settings, "seed")
