# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model is asked for: the common settings, and the rest folded away."""

from __future__ import annotations

import bpy

from .sidebar import SubPanel, draw_split


class ERA3D_PT_settings(SubPanel, bpy.types.Panel):
    """Settings of the next job"""

    bl_idname = "ERA3D_PT_settings"
    bl_label = "Settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what the views are drawn with."""
        column = draw_split(self.layout, context.region)
        settings = context.scene.era3d
        column.prop(settings, "quality")
        column.prop(settings, "until")
        column.prop(settings, "device")
        column.prop(settings, "vram_limit")


class ERA3D_PT_mesh_settings(SubPanel, bpy.types.Panel):
    """How the views become a mesh"""

    bl_idname = "ERA3D_PT_mesh_settings"
    bl_parent_id = "ERA3D_PT_settings"
    bl_label = "Mesh"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what the mesh is made with."""
        column = draw_split(self.layout, context.region)
        settings = context.scene.era3d
        column.prop(settings, "method")
        column.prop(settings, "cells")
        column.prop(settings, "faces")
        column.prop(settings, "symmetric")
        column.prop(settings, "refine")
        column.prop(settings, "isotropic")


class ERA3D_PT_texture_settings(SubPanel, bpy.types.Panel):
    """How the mesh is painted"""

    bl_idname = "ERA3D_PT_texture_settings"
    bl_parent_id = "ERA3D_PT_settings"
    bl_label = "Texture"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what the texture is made with."""
        column = draw_split(self.layout, context.region)
        settings = context.scene.era3d
        column.prop(settings, "texture")
        atlas = column.column()
        atlas.enabled = settings.texture == "atlas"
        atlas.prop(settings, "texture_size")
        atlas.prop(settings, "normal_map")


def draw_settings(
    layout: bpy.types.UILayout,
    settings: bpy.types.PropertyGroup,
    region: bpy.types.Region | None,
) -> None:
    """Draw preset, model and seed."""
    row = layout.row(align=True)
    row.menu("ERA3D_MT_presets", text=bpy.types.ERA3D_MT_presets.bl_label)
    row.operator("era3d.preset_add", text="", icon="ADD")
    row.operator("era3d.preset_add", text="", icon="REMOVE").remove_active = True
    column = draw_split(layout, region)
    column.prop(settings, "model")
    if settings.model == "CUSTOM":
        column.prop(settings, "model_folder")
    row = column.row(align=True)
    row.prop(settings, "seed")
    icon = "LOCKED" if settings.keep_seed else "UNLOCKED"
    row.prop(settings, "keep_seed", text="", icon=icon)
    row.operator("era3d.random_seed", text="", icon="FILE_REFRESH")
    column.prop(settings, "count")


CLASSES = (ERA3D_PT_settings, ERA3D_PT_mesh_settings, ERA3D_PT_texture_settings)
