# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in an Image Editor."""

from __future__ import annotations

import bpy


def show_image(context: bpy.types.Context, image: bpy.types.Image, paint: bool = True) -> None:
    """Show an image in an Image Editor that is open, else in a window of its own."""
    if context.window is None or bpy.app.background:
        return
    screens = [context.screen, *(w.screen for w in context.window_manager.windows)]
    areas = [area for screen in screens for area in screen.areas if area.type == "IMAGE_EDITOR"]
    if not areas:
        bpy.ops.wm.window_new()
        areas = list(context.window_manager.windows[-1].screen.areas[:1])
        areas[0].type = "IMAGE_EDITOR"
    space = areas[0].spaces.active
    space.image = image
    space.overlay.show_overlays = False  # the active object's UV coordinates would lie over it
    if paint:
        space.ui_mode = "PAINT"
    areas[0].tag_redraw()
