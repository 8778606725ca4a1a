# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The material of a job: nodes of ours that follow the result, and the artist's that stay."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .mesh import COLOR_ATTRIBUTE

TEXTURE_NODE = "Era3D texture"
COLOR_NODE = "Era3D vertex colours"
NORMAL_NODE = "Era3D normal map"
_BUMP_NODE = "Era3D tangent space"


@dataclass(frozen=True)
class Look:
    """What a result's surface is drawn with; without a texture, the vertices carry the colours."""

    texture: bpy.types.Image | None
    normal_map: bpy.types.Image | None


def build_material(name: str, look: Look) -> bpy.types.Material:
    """Return the glTF material of a job: base colour from the texture, rough, no metal."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    surface = nodes.new("ShaderNodeBsdfPrincipled")
    surface.inputs["Metallic"].default_value = 0.0
    surface.inputs["Roughness"].default_value = 1.0
    surface.location = (0, 300)
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 300)
    links.new(surface.outputs["BSDF"], output.inputs["Surface"])
    color = _color_node(nodes, look)
    color.location = (-300, 300)
    links.new(color.outputs["Color"], surface.inputs["Base Color"])
    show_look(material, look)
    return material


def show_look(material: bpy.types.Material, look: Look) -> None:
    """Let our nodes show a result; whatever else the artist has built stays as it is."""
    if material.node_tree is None or material.library is not None:
        return
    _show_color(material.node_tree, look)
    _show_normals(material.node_tree, look)


def _show_color(tree: bpy.types.NodeTree, look: Look) -> None:
    name, other = (TEXTURE_NODE, COLOR_NODE) if look.texture else (COLOR_NODE, TEXTURE_NODE)
    node, old = tree.nodes.get(name), tree.nodes.get(other)
    if node is None and old is None:
        return  # the artist has taken it out
    if node is None:
        node = _color_node(tree.nodes, look)
        node.location = old.location
        for link in list(old.outputs["Color"].links):
            tree.links.new(node.outputs["Color"], link.to_socket)
        tree.nodes.remove(old)
    if look.texture:
        node.image = look.texture


def _color_node(nodes: bpy.types.Nodes, look: Look) -> bpy.types.Node:
    if look.texture:
        node = nodes.new("ShaderNodeTexImage")
        node.name, node.image = TEXTURE_NODE, look.texture
    else:
        node = nodes.new("ShaderNodeVertexColor")
        node.name, node.layer_name = COLOR_NODE, COLOR_ATTRIBUTE
    return node


def _show_normals(tree: bpy.types.NodeTree, look: Look) -> None:
    picture = tree.nodes.get(NORMAL_NODE)
    if picture is not None and look.normal_map is not None:
        picture.image = look.normal_map
    elif look.normal_map is not None:
        _add_normals(tree, look.normal_map)
    else:
        for node in filter(None, (picture, tree.nodes.get(_BUMP_NODE))):
            tree.nodes.remove(node)


def _add_normals(tree: bpy.types.NodeTree, image: bpy.types.Image) -> None:
    """Feed a normal map (OpenGL, +Y) to every Principled surface whose normal is still free."""
    free = [
        node.inputs["Normal"]
        for node in tree.nodes
        if node.type == "BSDF_PRINCIPLED" and not node.inputs["Normal"].is_linked
    ]
    if not free:
        return
    picture, bump = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeNormalMap")
    picture.name, picture.image, picture.location = NORMAL_NODE, image, (-600, -50)
    bump.name, bump.space, bump.location = _BUMP_NODE, "TANGENT", (-300, -50)
    tree.links.new(picture.outputs["Color"], bump.inputs["Color"])
    for socket in free:
        tree.links.new(bump.outputs["Normal"], socket)
