# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own pictures of two objects of the test corpus, which `test_render.py` compares with.

python tests/backend/training/blender_reference.py BPY_PYTHON

BPY_PYTHON is a Python with the bpy wheel. Cycles renders colours and normals as emission, through
the six orthographic cameras and one of a photo, with a pixel filter of a box.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[2] / "data"
REFERENCE = DATA / "render" / "blender.npz"
OBJECTS = (0, 5)
SIZE, PHOTO_SIZE = 64, 512
ELEVATION, FOCAL_MM = 25.0, 50.0
AZIMUTHS = (0, 45, 90, 180, 270, 315)


def main(blender: str) -> None:
    """Frame the objects here, render them there, and keep both in one file."""
    from era3d.training.corpus import Corpus
    from era3d.training.render import frame_mesh

    corpus, kept = Corpus(DATA / "corpus"), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in OBJECTS:
            scene = frame_mesh(corpus.mesh(corpus.records[index]))
            np.savez(
                folder / "scene.npz",
                vertices=scene.vertices,
                faces=scene.faces,
                colors=scene.colors,
                normals=scene.corner_normals,
            )
            subprocess.run([blender, __file__, "--render", folder], check=True)
            with np.load(folder / "drawn.npz") as drawn:
                kept |= {f"{key}_{index}": value for key, value in drawn.items()}
    REFERENCE.parent.mkdir(exist_ok=True)
    np.savez_compressed(REFERENCE, **kept)


def render(folder: Path) -> None:
    """Inside Blender: draw ``scene.npz`` to ``drawn.npz``, premultiplied RGBA."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 64
    scene.cycles.use_denoising = False
    scene.cycles.pixel_filter_type = "BOX"
    scene.cycles.max_bounces = 0
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.color_mode = "RGBA"
    scene.view_settings.view_transform = "Raw"
    thing = _thing(np.load(folder / "scene.npz"))
    scene.collection.objects.link(thing)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    drawn = {}
    for kind in ("color", "normal"):
        thing.data.materials.clear()
        thing.data.materials.append(_glowing(kind))
        camera.data.type, camera.data.ortho_scale = "ORTHO", 1.0
        drawn[kind] = np.stack([_picture(folder, camera, a, 0.0, 2.0) for a in AZIMUTHS])
    scene.render.resolution_x = scene.render.resolution_y = PHOTO_SIZE
    thing.data.materials[0] = _glowing("color")
    camera.data.type, camera.data.sensor_width, camera.data.lens = "PERSP", 32.0, FOCAL_MM
    photo = _picture(folder, camera, 0, ELEVATION, FOCAL_MM / 32)
    drawn["photo"] = np.rint(photo.clip(0, 1) * 255).astype(np.uint8)
    np.savez(folder / "drawn.npz", **drawn)


def _thing(data):
    import bpy

    mesh = bpy.data.meshes.new("thing")
    # Faces share no vertices: Blender would blend the normals that meet in one.
    corners = data["vertices"][data["faces"]].reshape(-1, 3)
    mesh.from_pydata(corners.tolist(), [], np.arange(len(corners)).reshape(-1, 3).tolist())
    layer = mesh.color_attributes.new("paint", "FLOAT_COLOR", "CORNER")
    colors = data["colors"].reshape(-1, 3)
    rgba = np.concatenate([colors, np.ones((len(colors), 1), np.float32)], 1)
    layer.data.foreach_set("color", rgba.ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.normals_split_custom_set(data["normals"].reshape(-1, 3).tolist())
    return bpy.data.objects.new("thing", mesh)


def _glowing(kind):
    """A material that shows the corner colours, or the normal as n / 2 + 1 / 2."""
    import bpy

    material = bpy.data.materials.new(kind)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    out, glow = nodes.new("ShaderNodeOutputMaterial"), nodes.new("ShaderNodeEmission")
    links.new(glow.outputs[0], out.inputs["Surface"])
    if kind == "color":
        attribute = nodes.new("ShaderNodeVertexColor")
        attribute.layer_name = "paint"
        links.new(attribute.outputs["Color"], glow.inputs["Color"])
    else:
        geometry, half = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeVectorMath")
        half.operation = "MULTIPLY_ADD"
        half.inputs[1].default_value = half.inputs[2].default_value = (0.5, 0.5, 0.5)
        links.new(geometry.outputs["Normal"], half.inputs[0])
        links.new(half.outputs[0], glow.inputs["Color"])
    return material


def _picture(folder, camera, azimuth, elevation, distance):
    import bpy

    a, e = np.radians(azimuth), np.radians(elevation)
    camera.location = (
        distance * np.sin(a) * np.cos(e),
        -distance * np.cos(a) * np.cos(e),
        distance * np.sin(e),
    )
    camera.rotation_euler = (np.pi / 2 - e, 0, a)
    scene = bpy.context.scene
    scene.render.filepath = str(folder / "picture.exr")
    bpy.ops.render.render(write_still=True)
    size, image = scene.render.resolution_x, bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.array(image.pixels[:], np.float32).reshape(size, size, 4)[::-1]
    bpy.data.images.remove(image)
    return pixels.astype(np.float16)


if __name__ == "__main__":
    if sys.argv[1] == "--render":
        render(Path(sys.argv[2]))
    else:
        main(sys.argv[1])
