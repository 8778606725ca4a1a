# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What most pictures want."""

import bpy

settings = bpy.context.scene.era3d
settings.quality = "standard"
settings.method = "levelset"
settings.cells = 176
settings.faces = 30000
settings.refine = False
settings.texture = "atlas"
settings.texture_size = 1024
