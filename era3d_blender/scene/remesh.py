# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer faces, or quads: each a new version that carries the texture over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

from .folder import JobFolderError
from .material import Look
from .mesh import UV_LAYER, is_smooth
from .roots import mesh_of
from .versions import add_version

_ANGLE = 1.15  # radians between the faces of one UV island
_MARGIN = 0.01
_REACH = 0.05  # of the object's size: how far the baked surface looks for the old one


def decimate(root: bpy.types.Object, faces: int) -> None:
    """Make a version with about so many triangles; the UV coordinates, so the texture, stay.

    Raises
    ------
    JobFolderError
        When the object has no more faces than that.
    """
    thing = mesh_of(root)
    before = sum(len(polygon.vertices) - 2 for polygon in thing.data.polygons)
    if before <= faces:
        raise JobFolderError(f"The object has but {before:,} triangles")
    with _stand_in(thing) as copy:
        modifier = copy.modifiers.new("Decimate", "DECIMATE")
        modifier.ratio = faces / before
        graph = bpy.context.evaluated_depsgraph_get()
        fresh = bpy.data.meshes.new_from_object(copy.evaluated_get(graph))
    _keep(root, fresh, _look(root))


def make_quads(root: bpy.types.Object, faces: int, texture_size: int) -> None:
    """Make a version of about so many quads by QuadriFlow, its texture baked from the shown one.

    Raises
    ------
    JobFolderError
        When QuadriFlow cannot follow the surface.
    """
    thing, scene = mesh_of(root), bpy.context.scene
    with _stand_in(thing) as copy:
        try:
            bpy.ops.object.quadriflow_remesh(
                mode="FACES", target_faces=faces, use_mesh_symmetry=False
            )
        except RuntimeError as error:
            words = str(error).removeprefix("Error: ").strip()
            raise JobFolderError(f"QuadriFlow cannot follow this surface: {words}") from error
        _unwrap(copy)
        fresh = copy.data.copy()
        image = _baked(thing, copy, texture_size, scene)
    if is_smooth(thing.data):
        fresh.shade_smooth()
    _keep(root, fresh, Look(image, None))


def _keep(root: bpy.types.Object, fresh: bpy.types.Mesh, look: Look) -> None:
    fresh.name = mesh_of(root).data.name
    add_version(root, fresh, look)


def _look(root: bpy.types.Object) -> Look:
    version = root.era3d.versions[root.era3d.version]
    return Look(version.texture, version.normal_map)


@contextlib.contextmanager
def _stand_in(thing: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Lend a copy of an object, without its modifiers, alone selected and active."""
    layer, active = bpy.context.view_layer, bpy.context.view_layer.objects.active
    selected = [other for other in layer.objects if other.select_get()]
    copy = bpy.data.objects.new("Era3D copy", thing.data.copy())
    copy.matrix_world = thing.matrix_world
    bpy.context.scene.collection.objects.link(copy)
    try:
        for other in selected:
            other.select_set(False)
        copy.select_set(True)
        layer.objects.active = copy
        yield copy
    finally:
        mesh = copy.data
        bpy.data.objects.remove(copy)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)
        for other in selected:
            other.select_set(True)
        layer.objects.active = active


def _unwrap(copy: bpy.types.Object) -> None:
    """Give a mesh new UV coordinates in place of those it has."""
    for layer in list(copy.data.uv_layers):
        copy.data.uv_layers.remove(layer)
    copy.data.uv_layers.new(name=UV_LAYER)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=_ANGLE, island_margin=_MARGIN)
    bpy.ops.object.mode_set(mode="OBJECT")


def _baked(
    source: bpy.types.Object, copy: bpy.types.Object, size: int, scene: bpy.types.Scene
) -> bpy.types.Image:
    """Bake the colours of an object's surface into a new texture of another that lies on it."""
    image = bpy.data.images.new(f"{source.name} texture", size, size)
    material = bpy.data.materials.new("Era3D bake")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.active = nodes.new("ShaderNodeTexImage")
    nodes.active.image = image
    copy.data.materials.clear()
    copy.data.materials.append(material)
    source.select_set(True)
    reach = _REACH * max(source.dimensions)
    try:
        with _cycles(scene):
            bpy.ops.object.bake(
                type="DIFFUSE",
                pass_filter={"COLOR"},
                use_selected_to_active=True,
                cage_extrusion=reach,
                max_ray_distance=2 * reach,
                margin=8,
            )
    finally:
        source.select_set(False)
        bpy.data.materials.remove(material)
    image.pack()
    return image


@contextlib.contextmanager
def _cycles(scene: bpy.types.Scene) -> Iterator[None]:
    """Let Cycles, which alone bakes, do so quickly; the artist's settings come back."""
    kept = scene.render.engine, scene.cycles.samples, scene.render.bake.target
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.bake.target = "IMAGE_TEXTURES"
    try:
        yield
    finally:
        scene.render.engine, scene.cycles.samples, scene.render.bake.target = kept
