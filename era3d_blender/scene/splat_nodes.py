# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry nodes that turn points into ellipsoids, and their unlit material."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from .splat_file import OPACITY, ROTATION, SCALE

NAME = "Era3D Splats"
COLOR_ATTRIBUTE = "splat_color"
_STRENGTH = "splat_opacity"
_SIZE = 2.0  # standard deviations: solid ellipsoids of this size cover what soft ones do


def splat_material() -> bpy.types.Material:
    """Return the material of splats: it shines in their colours, and lets light through."""
    material = bpy.data.materials.get(NAME)
    if material is not None and material.library is None:
        return material
    material = bpy.data.materials.new(NAME)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    color, strength = (nodes.new("ShaderNodeAttribute") for _ in range(2))
    for node, name in ((color, COLOR_ATTRIBUTE), (strength, _STRENGTH)):
        node.attribute_type, node.attribute_name = "INSTANCER", name
    shine, clear = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeBsdfTransparent")
    mix, output = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeOutputMaterial")
    links.new(color.outputs["Vector"], shine.inputs["Color"])
    links.new(strength.outputs["Fac"], mix.inputs["Fac"])
    links.new(clear.outputs["BSDF"], mix.inputs[1])
    links.new(shine.outputs["Emission"], mix.inputs[2])
    links.new(mix.outputs["Shader"], output.inputs["Surface"])
    _arrange([[color, strength], [shine, clear], [mix], [output]])
    return material


def splat_nodes(material: bpy.types.Material) -> bpy.types.NodeTree:
    """Return the node group of splats, which has the settings Density and Size."""
    tree = bpy.data.node_groups.get(NAME)
    if tree is not None and tree.library is None:
        return tree
    tree = bpy.data.node_groups.new(NAME, "GeometryNodeTree")
    tree.is_modifier = True
    _add_sockets(tree)
    nodes, links = tree.nodes, tree.links
    given, result = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    points, chance = nodes.new("GeometryNodeMeshToPoints"), nodes.new("FunctionNodeRandomValue")
    chance.data_type = "BOOLEAN"
    links.new(given.outputs["Geometry"], points.inputs["Mesh"])
    links.new(given.outputs["Density"], _socket(chance.inputs, "Probability"))
    links.new(_socket(chance.outputs, "Value"), points.inputs["Selection"])

    ball, instances = (
        nodes.new("GeometryNodeMeshIcoSphere"),
        nodes.new("GeometryNodeInstanceOnPoints"),
    )
    ball.inputs["Subdivisions"].default_value = 2
    paint = nodes.new("GeometryNodeSetMaterial")
    paint.inputs["Material"].default_value = material
    links.new(ball.outputs["Mesh"], paint.inputs["Geometry"])
    links.new(points.outputs["Points"], instances.inputs["Points"])
    links.new(paint.outputs["Geometry"], instances.inputs["Instance"])
    turn, turns = _rotation(tree)
    size, sizes = _size(tree, given.outputs["Size"])
    links.new(turn, instances.inputs["Rotation"])
    links.new(size, instances.inputs["Scale"])

    store, strengths = _store_opacity(tree, instances.outputs["Instances"])
    links.new(store, result.inputs["Geometry"])
    columns = [[given], [*turns, *sizes], [points, chance, ball, paint]]
    _arrange([*columns, [instances], strengths, [result]])
    return tree


def settings(
    modifier: bpy.types.NodesModifier,
) -> Iterator[tuple[str, bpy.types.bpy_struct, str]]:
    """Yield Density and Size, where a modifier has them: the name, what owns it, its path there.

    Blender 5.2 made properties of what had been entries of the modifier.
    """
    for socket in modifier.node_group.interface.items_tree if modifier.node_group else ():
        if socket.name not in ("Density", "Size"):
            continue
        if hasattr(modifier, "properties"):
            yield socket.name, getattr(modifier.properties.inputs, socket.identifier), "value"
        else:
            yield socket.name, modifier, f'["{socket.identifier}"]'


def _add_sockets(tree: bpy.types.NodeTree) -> None:
    new = tree.interface.new_socket
    new("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    new("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    density = new("Density", in_out="INPUT", socket_type="NodeSocketFloat")
    density.subtype, density.default_value = "FACTOR", 1.0
    density.min_value, density.max_value = 0.0, 1.0
    density.description = "Share of the splats that is shown"
    size = new("Size", in_out="INPUT", socket_type="NodeSocketFloat")
    size.default_value, size.min_value, size.max_value = _SIZE, 0.0, 5.0
    size.description = "Half the width of an ellipsoid, in standard deviations of its splat"


def _rotation(tree: bpy.types.NodeTree) -> tuple[bpy.types.NodeSocket, list[bpy.types.Node]]:
    """Return the socket of the splats' rotations, and the nodes that make it."""
    turn = tree.nodes.new("FunctionNodeQuaternionToRotation")
    parts = [_attribute(tree, name) for name in ROTATION]
    # The file's quaternions may have any length.
    for part, socket in zip(parts, ("W", "X", "Y", "Z"), strict=True):
        tree.links.new(_value(part), turn.inputs[socket])
    return turn.outputs["Rotation"], [*parts, turn]


def _size(
    tree: bpy.types.NodeTree, size: bpy.types.NodeSocket
) -> tuple[bpy.types.NodeSocket, list[bpy.types.Node]]:
    """Return the socket of the ellipsoids' half axes, and the nodes that make it."""
    together = tree.nodes.new("ShaderNodeCombineXYZ")
    grow = tree.nodes.new("ShaderNodeVectorMath")
    grow.operation = "SCALE"
    made = [together, grow]
    for name, axis in zip(SCALE, "XYZ", strict=True):
        part, power = _attribute(tree, name), _math(tree, "EXPONENT")
        tree.links.new(_value(part), power.inputs[0])
        tree.links.new(power.outputs[0], together.inputs[axis])
        made += [part, power]
    tree.links.new(together.outputs[0], grow.inputs[0])
    tree.links.new(size, grow.inputs["Scale"])
    return grow.outputs[0], made


def _store_opacity(
    tree: bpy.types.NodeTree, instances: bpy.types.NodeSocket
) -> tuple[bpy.types.NodeSocket, list[bpy.types.Node]]:
    """Return the instances with 1 / (1 + exp(-opacity)) for their material."""
    part, minus, power = _attribute(tree, OPACITY), _math(tree, "MULTIPLY"), _math(tree, "EXPONENT")
    plus, divide = _math(tree, "ADD"), _math(tree, "DIVIDE")
    minus.inputs[1].default_value, plus.inputs[1].default_value = -1.0, 1.0
    divide.inputs[0].default_value = 1.0
    store = tree.nodes.new("GeometryNodeStoreNamedAttribute")
    store.domain, store.data_type = "INSTANCE", "FLOAT"
    store.inputs["Name"].default_value = _STRENGTH
    tree.links.new(_value(part), minus.inputs[0])
    tree.links.new(minus.outputs[0], power.inputs[0])
    tree.links.new(power.outputs[0], plus.inputs[0])
    tree.links.new(plus.outputs[0], divide.inputs[1])
    tree.links.new(divide.outputs[0], _socket(store.inputs, "Value"))
    tree.links.new(instances, store.inputs["Geometry"])
    return store.outputs["Geometry"], [part, minus, power, plus, divide, store]


def _attribute(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node:
    node = tree.nodes.new("GeometryNodeInputNamedAttribute")
    node.data_type = "FLOAT"
    node.inputs["Name"].default_value = name
    return node


def _math(tree: bpy.types.NodeTree, operation: str) -> bpy.types.Node:
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    return node


def _value(node: bpy.types.Node) -> bpy.types.NodeSocket:
    return _socket(node.outputs, "Attribute")


def _socket(sockets: bpy.types.bpy_prop_collection, name: str) -> bpy.types.NodeSocket:
    """Return the socket of a name that the node's type of data uses."""
    return next(each for each in sockets if each.name == name and each.enabled)


def _arrange(columns: list[list[bpy.types.Node]]) -> None:
    for across, column in enumerate(columns):
        for down, node in enumerate(column):
            node.location = (260 * across, -160 * down)
