# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As many steps as Era3D was published with, and all the detail the views hold."""

import bpy

settings = bpy.context.scene.era3d
settings.quality = "reference"
settings.method = "levelset"
settings.cells = 256
settings.faces = 100000
settings.refine = False
settings.texture = "atlas"
settings.texture_size = 2048
