# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take another seed."""

from __future__ import annotations

import random

import bpy

from ..properties import LARGEST_SEED


class ERA3D_OT_random_seed(bpy.types.Operator):
    """Take a seed by chance"""

    bl_idname = "era3d.random_seed"
    bl_label = "Random Seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the panel's seed."""
        context.scene.era3d.seed = random.randrange(LARGEST_SEED)
        return {"FINISHED"}
