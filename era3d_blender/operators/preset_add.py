# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's own presets, kept where Blender keeps those of everything."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase

from ..properties import names

# What belongs to one picture or one computer has no place in a preset.
_NOT_IN_PRESETS = {"seed", "crop_size", "device", "vram_limit", "until"}


class ERA3D_OT_preset_add(AddPresetBase, bpy.types.Operator):
    """Keep these settings under a name, or remove the preset that was chosen last"""

    bl_idname = "era3d.preset_add"
    bl_label = "Add Preset"
    preset_menu = "ERA3D_MT_presets"
    preset_subdir = "era3d"
    preset_defines = ["settings = bpy.context.scene.era3d"]

    @property
    def preset_values(self) -> list[str]:
        """The settings that a preset holds."""
        return [f"settings.{name}" for name in names() if name not in _NOT_IN_PRESETS]
