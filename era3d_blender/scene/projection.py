# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views as UV coordinates, so that Texture Paint on the object paints into a view."""

from __future__ import annotations

import bpy
import numpy as np

from .folder import JobFolderError
from .mesh import UV_LAYER
from .roots import VIEW_KEY, title

PREFIX = "Era3D "  # of UV layers, modifiers and nodes that are made here


def project_uv(thing: bpy.types.Object, camera: bpy.types.Object) -> bpy.types.MeshUVLoopLayer:
    """Return a UV layer that lays the picture of an orthographic camera over a mesh.

    Raises
    ------
    JobFolderError
        When the mesh has no room for another layer.
    """
    mesh, name = thing.data, PREFIX + title(camera[VIEW_KEY])
    layer = mesh.uv_layers.get(name) or mesh.uv_layers.new(name=name, do_init=False)
    if layer is None:
        raise JobFolderError("The mesh has eight UV maps already: remove one of them")
    scene_graph = bpy.context.evaluated_depsgraph_get()
    scale = camera.evaluated_get(scene_graph).data.ortho_scale
    to_camera = np.array(camera.matrix_world.normalized().inverted() @ thing.matrix_world)
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    seen = points.reshape(-1, 3) @ to_camera[:2, :3].T + to_camera[:2, 3]
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    uv = (seen / scale + 0.5)[corners].astype(np.float32)
    layer.uv.foreach_set("vector", uv.ravel())
    return layer


def prepare_painting(
    thing: bpy.types.Object, camera: bpy.types.Object, image: bpy.types.Image
) -> None:
    """Let Texture Paint on an object paint into a view: its picture is the canvas."""
    layer = project_uv(thing, camera)
    thing.data.uv_layers.active = layer
    paint = bpy.context.scene.tool_settings.image_paint
    paint.mode, paint.canvas = "IMAGE", image


def finish_painting(thing: bpy.types.Object) -> None:
    """Show and paint the object's own texture again."""
    layer = thing.data.uv_layers.get(UV_LAYER)
    if layer is not None:
        thing.data.uv_layers.active = layer
    bpy.context.scene.tool_settings.image_paint.mode = "MATERIAL"
