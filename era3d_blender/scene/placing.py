# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large an imported job stands, and where."""

from __future__ import annotations

import bpy
from mathutils import Vector

from .roots import mesh_of


def box_of(root: bpy.types.Object) -> tuple[Vector, Vector] | None:
    """Return the low and high corner of the mesh's box in the world, or None without a mesh.

    Exact while the object stands upright; else of the box that turns with it.
    """
    thing = mesh_of(root)
    if thing is None:
        return None
    corners = [thing.matrix_world @ Vector(corner) for corner in thing.bound_box]
    low, high = (
        Vector(pick(corner[axis] for corner in corners) for axis in range(3)) for pick in (min, max)
    )
    return low, high


def height_of(root: bpy.types.Object) -> float:
    """Return the height of an imported job in Blender's units, 0 without a mesh."""
    box = box_of(root)
    return box[1].z - box[0].z if box else 0.0


def set_height(root: bpy.types.Object, height: float) -> None:
    """Scale an imported job with its cameras; the middle of its foot stays where it is."""
    now, box = height_of(root), box_of(root)
    if box is None or now <= 0 or height <= 0:
        return
    foot = Vector(((box[0].x + box[1].x) / 2, (box[0].y + box[1].y) / 2, box[0].z))
    root.scale *= height / now
    root.location = foot + (root.location - foot) * (height / now)


def stand_at(root: bpy.types.Object, place: Vector) -> None:
    """Move an imported job so that the middle of its foot is at a place in the world."""
    bpy.context.view_layer.update()
    box = box_of(root)
    if box is None:
        return
    foot = Vector(((box[0].x + box[1].x) / 2, (box[0].y + box[1].y) / 2, box[0].z))
    root.matrix_world.translation += place - foot
