# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the panels are, and how text fits into them."""

from __future__ import annotations

import textwrap

import bpy

_PIXELS_PER_LETTER = 7.0
_NARROW = 24  # letters in a line


class Sidebar:
    """The tab in the sidebar of the 3D view."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Era3D"


class SubPanel(Sidebar):
    """A panel inside the main one."""

    bl_parent_id = "ERA3D_PT_main"


def narrow(region: bpy.types.Region | None) -> bool:
    """Tell whether the sidebar has no room for a name beside each setting."""
    return letters(region) < _NARROW


def draw_split(layout: bpy.types.UILayout, region: bpy.types.Region | None) -> bpy.types.UILayout:
    """Return a column for settings: names beside them, or inside where the sidebar is narrow."""
    column = layout.column()
    column.use_property_split = not narrow(region)
    column.use_property_decorate = False
    return column


def letters(region: bpy.types.Region | None) -> int:
    """Return how many letters fit into a line of the sidebar."""
    width = region.width if region else 280
    scale = bpy.context.preferences.system.ui_scale or 1.0  # 0 without a window
    return max(20, int(width / scale / _PIXELS_PER_LETTER) - 6)


def draw_words(layout: bpy.types.UILayout, words: str, width: int, icon: str) -> None:
    """Draw a sentence over as many lines as it needs, its icon before the first."""
    for number, line in enumerate(textwrap.wrap(words, width)):
        layout.label(text=line, icon="BLANK1" if number else icon)


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
