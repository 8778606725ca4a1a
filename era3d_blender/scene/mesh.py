# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triangles to a Blender mesh with UVs or vertex colours."""

from __future__ import annotations

import bpy
import numpy as np

from .glb import Triangles

UV_LAYER = "UVMap"
COLOR_ATTRIBUTE = "Color"


def build_mesh(name: str, triangles: Triangles, smooth: bool = True) -> bpy.types.Mesh:
    """Return a mesh; each loop keeps its own UV, vertices are shared over seams."""
    mesh = bpy.data.meshes.new(name)
    count = len(triangles.faces)
    mesh.vertices.add(len(triangles.vertices))
    mesh.vertices.foreach_set("co", triangles.vertices.ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", triangles.faces.ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    if triangles.colors is None:
        layer = mesh.uv_layers.new(name=UV_LAYER, do_init=False)
        layer.uv.foreach_set("vector", triangles.uv.ravel())
    else:
        # glTF's vertex colours are linear, as are Blender's float colours.
        linear = np.pad(triangles.colors, ((0, 0), (0, 1)), constant_values=1.0)
        colors = mesh.color_attributes.new(COLOR_ATTRIBUTE, "FLOAT_COLOR", "POINT")
        colors.data.foreach_set("color", linear.astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    if smooth:
        mesh.shade_smooth()
    else:
        mesh.shade_flat()
    return mesh


def is_smooth(mesh: bpy.types.Mesh) -> bool:
    """Tell whether an artist would call the mesh smooth: by most of its faces."""
    smooth = np.empty(len(mesh.polygons), bool)
    mesh.polygons.foreach_get("use_smooth", smooth)
    return bool(2 * smooth.sum() >= len(smooth))
