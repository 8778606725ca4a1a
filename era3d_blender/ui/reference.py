# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture to start from."""

from __future__ import annotations

import bpy

_PICTURE_SCALE = 7.0

CLASSES: tuple[type, ...] = ()


def draw_reference(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the picture small, and the ways to choose one."""
    image = settings.picture
    icon = image.preview_ensure().icon_id if image else 0
    if icon:  # 0 without a window
        layout.template_icon(icon_value=icon, scale=_PICTURE_SCALE)
    layout.template_ID(settings, "picture", open="era3d.choose_picture")
