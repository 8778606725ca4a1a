# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All six colour views on the object at once by UV Project: what is painted on them shows."""

from __future__ import annotations

import bpy

from .folder import JobFolderError
from .material import COLOR_NODE, TEXTURE_NODE
from .projection import PREFIX, project_uv
from .roots import COLOR, VIEW_KEY, mesh_of, title, view_cameras
from .views import image_of

_FRAME = "Era3D live views"
_MIX_NODE = "Era3D live views mixed"
_SHARPNESS = 8.0  # a view counts by the cosine of its angle to the surface, to this power


def show_live_views(root: bpy.types.Object) -> None:
    """Cover the object with its six colour views by UV Project: painted views show at once.

    A view counts where the surface faces its camera; what lies behind something else gets the
    colour of what is before it, which a rebuild of the texture does better.

    Raises
    ------
    JobFolderError
        When object or cameras are gone, or the material has no colour of ours to replace.
    """
    thing = mesh_of(root)
    cameras = [camera for camera in view_cameras(root) if image_of(camera, COLOR) is not None]
    tree = _tree(thing)
    source = _source(tree) if tree else None
    if not (source and cameras and source.outputs["Color"].links):
        raise JobFolderError("The material has no Era3D texture to lay the views over")
    for camera in cameras:
        project_uv(thing, camera)
        _add_modifier(thing, camera)
    goals = [link.to_socket for link in source.outputs["Color"].links]
    mixed = _Mixer(tree, thing).mean(cameras)
    for goal in goals:
        tree.links.new(mixed, goal)


def hide_live_views(root: bpy.types.Object) -> bool:
    """Take off what `show_live_views` has put on; tell whether there was anything."""
    thing = mesh_of(root)
    for modifier in [m for m in thing.modifiers if _ours(m)]:
        thing.modifiers.remove(modifier)
    for name in [layer.name for layer in thing.data.uv_layers if layer.name.startswith(PREFIX)]:
        thing.data.uv_layers.remove(thing.data.uv_layers[name])
    tree = _tree(thing)
    frame = tree.nodes.get(_FRAME) if tree else None
    if frame is None:
        return False
    source, mixed = _source(tree), tree.nodes.get(_MIX_NODE)
    if source is not None and mixed is not None:
        for link in list(mixed.outputs["Vector"].links):
            tree.links.new(source.outputs["Color"], link.to_socket)
    for node in [node for node in tree.nodes if node.parent == frame]:
        tree.nodes.remove(node)
    tree.nodes.remove(frame)
    return True


def has_live_views(root: bpy.types.Object) -> bool:
    """Tell whether the views cover the object now."""
    thing = mesh_of(root)
    return thing is not None and any(_ours(modifier) for modifier in thing.modifiers)


def _ours(modifier: bpy.types.Modifier) -> bool:
    return modifier.type == "UV_PROJECT" and modifier.name.startswith(PREFIX)


def _tree(thing: bpy.types.Object | None) -> bpy.types.NodeTree | None:
    material = thing.active_material if thing else None
    return material.node_tree if material else None


def _source(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    return tree.nodes.get(TEXTURE_NODE) or tree.nodes.get(COLOR_NODE)


def _add_modifier(thing: bpy.types.Object, camera: bpy.types.Object) -> None:
    name = PREFIX + title(camera[VIEW_KEY])
    modifier = thing.modifiers.new(name, "UV_PROJECT")
    modifier.uv_layer, modifier.projector_count = name, 1
    modifier.projectors[0].object = camera
    modifier.show_expanded = False


class _Mixer:
    """Builds nodes, in a frame of their own, that mix the views by how squarely they saw."""

    def __init__(self, tree: bpy.types.NodeTree, thing: bpy.types.Object) -> None:
        self._tree, self._thing, self._count = tree, thing, 0
        self._frame = tree.nodes.new("NodeFrame")
        self._frame.name, self._frame.label = _FRAME, "Live views"

    def mean(self, cameras: list[bpy.types.Object]) -> bpy.types.NodeSocket:
        """Return the socket with the weighted mean of the views' colours."""
        geometry = self._new("ShaderNodeNewGeometry")
        turned = self._new("ShaderNodeVectorTransform", vector_type="NORMAL")
        turned.convert_from, turned.convert_to = "WORLD", "OBJECT"
        self._tree.links.new(geometry.outputs["Normal"], turned.inputs["Vector"])
        parts = [self._part(camera, turned.outputs["Vector"]) for camera in cameras]
        color, weight = parts[0]
        for more, heavier in parts[1:]:
            color = self._vector("ADD", color, more)
            weight = self._math("ADD", weight, heavier)
        share = self._math("DIVIDE", 1.0, self._math("MAXIMUM", weight, 1e-6))
        mean = self._vector("SCALE", color, share)
        mean.node.name = _MIX_NODE
        return mean

    def _part(
        self, camera: bpy.types.Object, normal: bpy.types.NodeSocket
    ) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
        """Return a view's colour times its weight, and the weight."""
        uv = self._new("ShaderNodeUVMap", uv_map=PREFIX + title(camera[VIEW_KEY]))
        picture = self._new("ShaderNodeTexImage", image=image_of(camera, COLOR), extension="CLIP")
        self._tree.links.new(uv.outputs["UV"], picture.inputs["Vector"])
        pose = self._thing.matrix_world.inverted() @ camera.matrix_world
        towards = pose.to_3x3().normalized().col[2]
        facing = self._math("MAXIMUM", self._vector("DOT_PRODUCT", normal, towards), 1e-4)
        sharp = self._math("POWER", facing, _SHARPNESS)
        weight = self._math("MULTIPLY", sharp, picture.outputs["Alpha"])
        return self._vector("SCALE", picture.outputs["Color"], weight), weight

    def _math(self, operation: str, *values: object) -> bpy.types.NodeSocket:
        node = self._new("ShaderNodeMath", operation=operation)
        for socket, value in zip(node.inputs, values, strict=False):
            self._feed(socket, value)
        return node.outputs["Value"]

    def _vector(self, operation: str, one: object, other: object) -> bpy.types.NodeSocket:
        node = self._new("ShaderNodeVectorMath", operation=operation)
        self._feed(node.inputs[0], one)
        self._feed(node.inputs["Scale"] if operation == "SCALE" else node.inputs[1], other)
        return node.outputs["Value" if operation == "DOT_PRODUCT" else "Vector"]

    def _feed(self, socket: bpy.types.NodeSocket, value: object) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self._tree.links.new(value, socket)
        else:
            socket.default_value = value

    def _new(self, kind: str, **settings: object) -> bpy.types.Node:
        """Return a node of the frame, folded, in rows of eight."""
        node = self._tree.nodes.new(kind)
        column, row = self._count % 8, self._count // 8
        node.parent, node.hide = self._frame, True
        node.location = (column * 180 - 2000, row * -80)
        for name, value in settings.items():
            setattr(node, name, value)
        self._count += 1
        return node
