# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the object lies over its photo, seen through the imported reference camera.

Photos of a known mesh are rendered by cameras of known elevation and lens, off centre as photos
are. The backend places the reference camera by the true values, and by a model's own estimates;
Blender imports it and renders the mesh through it at the photo's resolution. The figure is the
overlap (IoU) of that render with the photo's alpha. Runs in Blender's Python:

    ERA3D_PYTHON=.venv/bin/python .venv-bpy-4.5.15/bin/python benchmarks/reference_camera.py \
        --model mini
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from era3d_blender.scene.cameras import build_reference_camera  # noqa: E402
from era3d_blender.scene.folder import Reference  # noqa: E402
from era3d_blender.scene.glb import read_glb  # noqa: E402
from era3d_blender.scene.mesh import build_mesh  # noqa: E402

MESH = HERE.parent / "tests/data/job_small/mesh.glb"
ELEVATIONS, LENSES = (-10, 0, 10, 20, 30), (35, 50, 85, 135)
SENSOR_MM = 32.0
PHOTO = (480, 360)
_ZOOM = 0.55  # the subject's unit takes this share of the photo's width
_SHIFT = (0.08, -0.04)  # of the photo's width: people do not centre


def photograph(
    folder: Path, cases: Iterable[tuple[float, float]], size: tuple[int, int] = PHOTO
) -> list[dict]:
    """Render a photo for each elevation in degrees and lens in mm; return the cases."""
    thing = set_up(size)
    vertices = np.array([vertex.co for vertex in thing.data.vertices])
    np.save(folder / "mesh.npy", vertices)
    made = []
    for elevation, focal in cases:
        camera = bpy.data.objects.new("photo", bpy.data.cameras.new("photo"))
        angle, distance = np.radians(elevation), focal / SENSOR_MM
        pose = np.eye(4)
        pose[:3, 1] = 0, np.sin(angle), np.cos(angle)
        pose[:3, 2] = 0, -np.cos(angle), np.sin(angle)
        pose[:3, 3] = distance * pose[:3, 2]
        camera.matrix_world = Matrix(pose.tolist())
        data = camera.data
        data.sensor_fit, data.sensor_width, data.lens = "HORIZONTAL", SENSOR_MM, focal * _ZOOM
        data.shift_x, data.shift_y = _SHIFT
        path = folder / f"photo_{elevation}_{focal}.png"
        render_through(camera, path)
        made.append(
            {
                "photo": str(path),
                "mesh": str(folder / "mesh.npy"),
                "elevation_degrees": float(elevation),
                "focal_mm": float(focal),
            }
        )
    return made


def set_up(size: tuple[int, int]) -> bpy.types.Object:
    """Empty the file and put the mesh into it, plainly grey and lit from all sides."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene = bpy.context.scene
    thing = bpy.data.objects.new("object", build_mesh("object", read_glb(MESH)))
    scene.collection.objects.link(thing)
    render = scene.render
    render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 4, False
    render.resolution_x, render.resolution_y = size
    render.film_transparent = True
    scene.world = bpy.data.worlds.new("grey")
    if bpy.app.version < (5, 0, 0):
        scene.world.use_nodes = True
    return thing


def render_through(camera: bpy.types.Object, path: Path) -> None:
    """Render what a camera sees."""
    scene = bpy.context.scene
    if camera.name not in scene.collection.objects:
        scene.collection.objects.link(camera)
    scene.camera, scene.render.filepath = camera, str(path)
    bpy.ops.render.render(write_still=True)


def alpha_of(path: str | Path) -> np.ndarray:
    """Return which pixels (height, width) of a picture are opaque."""
    image = bpy.data.images.load(str(path), check_existing=False)
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    alpha = values.reshape(image.size[1], image.size[0], -1)[..., 3] > 0.5
    bpy.data.images.remove(image)
    return alpha


def overlap(case: dict, entry: str, folder: Path) -> float:
    """Return the IoU of the photo and a render through the camera of an entry of a case."""
    record = dict(case[entry])
    reference = Reference(
        matrix_world=np.array(record["matrix_world"]),
        lens_mm=record["lens_mm"],
        sensor_mm=record["sensor_mm"],
        resolution=tuple(record["resolution"]),
        shift=tuple(record["shift"]),
        image=Path(case["photo"]),
    )
    camera = build_reference_camera("reference", reference, bpy.context.scene.render)
    render_through(camera, folder / "again.png")
    one, other = alpha_of(case["photo"]), alpha_of(folder / "again.png")
    return float((one & other).sum() / (one | other).sum())


def placed(cases: list[dict], folder: Path, python: str, model: str | None = None) -> list[dict]:
    """Let the backend place the cameras of the cases."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases))
    command = [python, "-I", str(HERE / "photo_cameras.py"), str(file)]
    subprocess.run(command + (["--model", model] if model else []), check=True)
    return json.loads(file.read_text())


def main() -> None:
    """Print one row per elevation and lens."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="show the figure with this model's own estimates beside it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = [(elevation, lens) for elevation in ELEVATIONS for lens in LENSES]
        cases = photograph(folder, wanted)
        cases = placed(cases, folder, os.environ["ERA3D_PYTHON"], options.model)
        estimates = f" IoU, {options.model}'s estimate | estimate |" if options.model else ""
        lines = [f"| elevation | lens | IoU, true values |{estimates}"]
        lines.append("| --- " * lines[0].count("|", 1) + "|")
        for case in cases:
            row = f"| {case['elevation_degrees']:.0f}° | {case['focal_mm']:.0f} mm | "
            row += f"{overlap(case, 'reference', folder):.3f} |"
            if "estimate" in case:
                pose = case["estimated"]
                told = f"{pose['elevation_degrees']:.0f}°, {pose['focal_mm']:.0f} mm"
                row += f" {overlap(case, 'estimate', folder):.3f} | {told} |"
            lines.append(row)
    print("\n".join(lines), flush=True)
    os._exit(0)  # some versions of Blender crash when the interpreter ends


if __name__ == "__main__":
    main()
