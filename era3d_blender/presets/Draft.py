# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""To see in seconds what a seed gives."""

import bpy

settings = bpy.context.scene.era3d
settings.quality = "draft"
settings.method = "levelset"
settings.cells = 96
settings.faces = 10000
settings.refine = False
settings.texture = "atlas"
settings.texture_size = 512
