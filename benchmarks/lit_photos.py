# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs of objects in light, by Blender's Cycles, for the benchmarks of cameras.

    .venv-bpy-4.5.15/bin/python benchmarks/lit_photos.py CASES.json

CASES.json lists photographs: ``object``, a GLB; ``scale``, how large it is to be; ``matrix_world``
and ``focal_px`` of the camera; ``size``, pixels of a side; ``out``, where the PNG goes. A sun from
the upper left and a sky without colour light the object; shadows and gloss are its material's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

SAMPLES, SENSOR = 24, 36.0
SUN, SUN_TURN, SKY = 3.0, (50.0, -10.0, -35.0), 0.6


def main() -> None:
    """Take every photograph; those of one object one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    cases = json.loads(parser.parse_args().cases.read_text())
    for path in dict.fromkeys(case["object"] for case in cases):
        mine = [case for case in cases if case["object"] == path]
        _set_up(path, mine[0]["scale"])
        for case in mine:
            _take(case)
    sys.stdout.flush()
    os._exit(0)  # some versions of Blender crash when the interpreter ends


def _set_up(path: str, scale: float) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=path)
    root = bpy.data.objects.new("root", None)
    bpy.context.collection.objects.link(root)
    for each in list(bpy.context.collection.objects):
        if each.parent is None and each is not root:
            each.parent = root
    root.scale = (scale, scale, scale)
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = SUN, math.radians(2)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = [math.radians(each) for each in SUN_TURN]
    bpy.context.collection.objects.link(lamp)
    world = bpy.data.worlds.new("sky")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (SKY, SKY, SKY, 1.0)
    scene = bpy.context.scene
    scene.world, scene.render.engine, scene.cycles.samples = world, "CYCLES", SAMPLES
    scene.cycles.device, scene.cycles.use_denoising = "CPU", False
    scene.render.film_transparent, scene.view_settings.view_transform = True, "Standard"
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(camera)
    scene.camera = camera


def _take(case: dict[str, Any]) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = case["size"]
    scene.camera.matrix_world = Matrix(case["matrix_world"])
    scene.camera.data.sensor_width = SENSOR
    scene.camera.data.lens = case["focal_px"] / case["size"] * SENSOR
    scene.render.filepath = case["out"]
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
