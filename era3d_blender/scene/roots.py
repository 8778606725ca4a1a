# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an imported job is known again among the objects of a file."""

from __future__ import annotations

import bpy

JOB_KEY = "era3d_job"  # custom property of a root: its job folder
VIEW_KEY = "era3d_view"  # custom property of a camera: the name of its view


def find_root(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """Return the root of the imported job an object belongs to."""
    while thing is not None and JOB_KEY not in thing:
        thing = thing.parent
    return thing
