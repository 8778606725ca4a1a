# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triangles to a Blender mesh with UVs, and its material."""

from __future__ import annotations

import bpy
import numpy as np

from .glb import Triangles

TEXTURE_NODE = "Era3D texture"


def build_mesh(name: str, triangles: Triangles) -> bpy.types.Mesh:
    """Return a smooth-shaded mesh; each loop keeps its own UV, vertices are shared over seams."""
    mesh = bpy.data.meshes.new(name)
    count = len(triangles.faces)
    mesh.vertices.add(len(triangles.vertices))
    mesh.vertices.foreach_set("co", triangles.vertices.ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", triangles.faces.ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    layer = mesh.uv_layers.new(name="UVMap", do_init=False)
    layer.uv.foreach_set("vector", triangles.uv.ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def build_material(name: str, texture: bpy.types.Image) -> bpy.types.Material:
    """Return the glTF material of a job: base colour from the texture, rough, no metal."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    picture = nodes.new("ShaderNodeTexImage")
    picture.name, picture.image = TEXTURE_NODE, texture
    picture.location = (-300, 300)
    surface = nodes.new("ShaderNodeBsdfPrincipled")
    surface.inputs["Metallic"].default_value = 0.0
    surface.inputs["Roughness"].default_value = 1.0
    surface.location = (0, 300)
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 300)
    links.new(picture.outputs["Color"], surface.inputs["Base Color"])
    links.new(surface.outputs["BSDF"], output.inputs["Surface"])
    return material
