# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of an imported job: the mesh among its six cameras, above the twelve views."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

VIEWS = ("front", "front_right", "right", "back", "left", "front_left")
WIDTH, SCENE_HEIGHT = 1200, 760
TILE = WIDTH // 6
BACKGROUND = (0.055, 0.06, 0.07)
# Where the onlooker stands: right of the front, above the object.
# From the middle of the object.
TO_ONLOOKER = Vector((1.5, -3.3, 1.6))
CARD_DISTANCE, CARD_SIZE = 0.98, 0.5


def render_preview(job: Path, path: Path) -> None:
    """Draw the current scene, into which ``job`` was imported, and its views to a PNG."""
    cameras = [o for o in bpy.context.scene.objects if o.type == "CAMERA"]
    cameras = [camera for camera in cameras if camera.data.type == "ORTHO"]
    for camera in cameras:
        _add_card(camera, job)
    picture = np.full((SCENE_HEIGHT + 2 * TILE, WIDTH, 4), (*BACKGROUND, 1.0), np.float32)
    picture[2 * TILE :] = _render(path, cameras[0].matrix_world.to_translation().z)
    for index, view in enumerate(VIEWS):
        columns = slice(index * TILE, (index + 1) * TILE)
        picture[TILE : 2 * TILE, columns] = _tile(job / f"views/color_{view}.png")
        picture[:TILE, columns] = _tile(job / f"views/normal_{view}.png")
    _save(picture, path)


def _add_card(camera: bpy.types.Object, job: Path) -> None:
    """Put a camera's picture where the camera stands, if that does not hide the object."""
    view = camera.name.rsplit(" ", 1)[-1]
    size = camera.data.ortho_scale * CARD_SIZE
    corners = [(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0)]
    mesh = bpy.data.meshes.new(view)
    mesh.from_pydata([Vector(c) * size for c in corners], [], [(0, 1, 2, 3)])
    uv = mesh.uv_layers.new()
    for loop, corner in zip(uv.uv, corners, strict=True):
        loop.vector = (corner[0] + 0.5, corner[1] + 0.5)
    card = bpy.data.objects.new(view, mesh)
    away = CARD_DISTANCE - camera.location.length  # along the camera's own axis
    card.matrix_world = camera.matrix_world @ Matrix.Translation((0, 0, away))
    bpy.context.scene.collection.objects.link(card)
    near = camera.location.normalized().dot(TO_ONLOOKER.normalized()) > 0.3
    mesh.materials.append(_frame_material() if near else _picture_material(job, view))
    if near:
        frame = card.modifiers.new("frame", "WIREFRAME")
        frame.thickness = 0.008


def _picture_material(job: Path, view: str) -> bpy.types.Material:
    material, nodes, output = _emission(f"card {view}")
    image = nodes.new("ShaderNodeTexImage")
    image.image = bpy.data.images.load(str(job / f"views/color_{view}.png"))
    mix = nodes.new("ShaderNodeMixRGB")
    mix.inputs["Color1"].default_value = (0.16, 0.17, 0.19, 1)
    links = material.node_tree.links
    links.new(image.outputs["Color"], mix.inputs["Color2"])
    links.new(image.outputs["Alpha"], mix.inputs["Fac"])
    links.new(mix.outputs["Color"], output.inputs["Color"])
    return material


def _frame_material() -> bpy.types.Material:
    material, _, emission = _emission("camera frame")
    emission.inputs["Color"].default_value = (0.95, 0.5, 0.1, 1)
    return material


def _emission(name: str) -> tuple[bpy.types.Material, bpy.types.Nodes, bpy.types.Node]:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    output, emission = nodes.new("ShaderNodeOutputMaterial"), nodes.new("ShaderNodeEmission")
    material.node_tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return material, nodes, emission


def _render(path: Path, height: float) -> np.ndarray:
    """Render the scene, the object's middle at a height; Cycles, as EEVEE wants a window."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("onlooker", bpy.data.cameras.new("onlooker"))
    camera.data.lens = 52
    camera.location = TO_ONLOOKER + Vector((0, 0, height))
    camera.rotation_euler = (-TO_ONLOOKER).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    scene.camera = camera
    _light(scene)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 24
    scene.cycles.use_denoising = False
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, SCENE_HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(path)
    with _silence():
        bpy.ops.render.render(write_still=True)
    return _pixels(path, WIDTH, SCENE_HEIGHT)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Blender's renderer writes a line a tile, past Python, to the standard output."""
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _light(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("preview")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*BACKGROUND, 1)
    scene.world = world
    for location, energy in (((2, -3, 4), 3.0), ((-3, -2, 2), 1.4), ((0, 3, 3), 1.2)):
        light = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
        light.data.energy, light.data.angle = energy, 0.6
        light.rotation_euler = (-Vector(location)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(light)


def _tile(path: Path) -> np.ndarray:
    """A view scaled to a tile, on the picture's background."""
    pixels = _pixels(path, TILE, TILE)
    alpha = pixels[..., 3:]
    pixels[..., :3] = pixels[..., :3] * alpha + np.float32(0.16) * (1 - alpha)
    pixels[..., 3] = 1
    return pixels


def _pixels(path: Path, width: int, height: int) -> np.ndarray:
    """Pixels (height, width, 4) of a file as stored, the bottom row first."""
    image = bpy.data.images.load(str(path), check_existing=False)
    if tuple(image.size) != (width, height):
        image.scale(width, height)
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def _save(pixels: np.ndarray, path: Path) -> None:
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("preview", width, height)
    image.pixels.foreach_set(pixels.ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
