# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of presets: those that come with the add-on, and the artist's own."""

from __future__ import annotations

from pathlib import Path

import bpy

SHIPPED = Path(__file__).parents[1] / "presets"


class ERA3D_MT_presets(bpy.types.Menu):
    """Settings that go together"""

    bl_idname = "ERA3D_MT_presets"
    bl_label = "Presets"
    preset_subdir = "era3d"
    preset_operator = "script.execute_preset"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw a line a preset."""
        self.path_menu(
            [str(SHIPPED), *bpy.utils.preset_paths(self.preset_subdir)],
            self.preset_operator,
            props_default={"menu_idname": self.bl_idname},
            filter_ext=lambda extension: extension == ".py",
            display_name=lambda name: bpy.path.display_name(name, title_case=False),
        )


CLASSES = (ERA3D_MT_presets,)
