# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the camera of a photo is refined, over renders whose cameras are known.

Each photo is a perspective render of a job's mesh, or of the object that it was made of
(``OBJECTS/<shape>.glb``), lit by Blender's Cycles if a Blender is given; its camera's estimate is
off as an estimate may be: elevation by up to 8 degrees, azimuth by up to 5, focal length by a
factor of up to 1.4, placed so that the object lies where it should. The table goes to
``RESULTS.md``.

    python benchmarks/cameras.py --jobs DIR --only spot,knight [--photos 10] [--objects OBJECTS]
        [--blender .venv-bpy-4.5.15/bin/python]
"""

import argparse
import datetime
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lit import take_photos
from machine import machine
from numpy.typing import NDArray
from results import keep

from era3d.cameras import gltf_to_world
from era3d.drawing import draw
from era3d.export import read_glb
from era3d.lens import Lens, orbit_lens
from era3d.photos.refine import refine_camera
from era3d.texture import ColoredMesh, TexturedMesh

HEADING = "## Camera of the photo"
SIZE = 512
FILLED = 0.82  # of the width of the judge's views
ABOUT = """Perspective renders stand for photos, drawn from a job's mesh itself or from the object
whose views the mesh was made of, which it is not quite like; the estimates of their cameras are
off by up to 8 degrees of elevation, 5 of azimuth and a factor of 1.4 of focal length. Medians over
the photos: error of the focal length, of the rotation, and of the place as a share of the distance,
before and after refinement; how many were accepted; CPU s for each. In light: by Cycles, with a sun
and a sky, so that shades and gloss are in the photos that the mesh does not have.
"""


def main() -> None:
    """Measure every shape, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=Path, required=True, help="folder of jobs")
    parser.add_argument("--only", required=True, help="names of jobs, with commas")
    parser.add_argument("--photos", type=int, default=10, help="of each job")
    parser.add_argument("--objects", type=Path, help="folder of GLBs that photos are taken of")
    parser.add_argument("--blender", type=Path, help="a Python with bpy: photos in light")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in options.only.split(","):
        rows.append(measure(name, options))
        print(rows[-1], flush=True)
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(map(str, row.values())) + " |" for row in rows]
    keep(HEADING, ABOUT, [f"### {datetime.date.today():%d %B %Y}, {machine()}", "", *lines])


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """One row, of photos of a job's mesh or of the object that it was made of."""
    mesh = read_glb(options.jobs / name / "mesh.glb")
    before, after, accepted, used = [], [], 0, 0.0
    for truth, guess, photo in photos(mesh, name, options):
        began = time.process_time()
        found = refine_camera(mesh, photo, guess)
        used += time.process_time() - began
        accepted += found.accepted
        before.append(errors(guess, truth))
        after.append(errors(found.lens, truth))
    kind = "the object in light" if options.blender else "the object"
    count = len(before)
    names = ("focal %", "rotation deg", "place %")
    row: dict[str, Any] = {"shape": name, "photos of": kind if options.objects else "the mesh"}
    for when, found_errors in (("before", before), ("after", after)):
        medians = np.median(np.array(found_errors), axis=0)
        row |= {
            f"{each} {when}": f"{value:.2f}" for each, value in zip(names, medians, strict=True)
        }
    row["worst rotation deg after"] = f"{max(error[1] for error in after):.2f}"
    return row | {"accepted": f"{accepted} of {count}", "CPU s": f"{used / count:.1f}"}


def photos(
    mesh: TexturedMesh | ColoredMesh, name: str, options: argparse.Namespace
) -> Iterator[tuple[Lens, Lens, NDArray[np.uint8]]]:
    """Yield the true camera, the estimate and the photo of each."""
    pairs = list(cameras(options.photos))
    lenses = [truth for truth, _ in pairs]
    if options.blender:
        seen = take_photos(options.blender, options.objects / f"{name}.glb", FILLED, lenses)
    else:
        subject = read_object(options.objects / f"{name}.glb") if options.objects else mesh
        seen = (draw(subject, lens).picture for lens in lenses)
    for (truth, guess), photo in zip(pairs, seen, strict=True):
        yield truth, guess, photo


def cameras(count: int) -> Iterator[tuple[Lens, Lens]]:
    """Yield cameras, and estimates of them that are off."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        azimuth, elevation = rng.uniform(-10, 10), rng.uniform(-5, 30)
        focal = rng.uniform(1.2, 2.4) * SIZE
        truth = lens_at(azimuth, elevation, focal)
        yield (
            truth,
            lens_at(
                azimuth + rng.uniform(-5, 5),
                elevation + rng.uniform(-8, 8),
                focal * 1.4 ** rng.uniform(-1, 1),
            ),
        )


def read_object(path: Path) -> TexturedMesh:
    """Return what a GLB shows, with Y up and one unit long, as large as in the views of it."""
    import trimesh

    parts = trimesh.load_scene(path, process=False).dump()
    first = np.cumsum([0, *(len(each.vertices) for each in parts)])
    vertices, normals, uv = (
        np.concatenate([values(each) for each in parts]).astype(np.float32)
        for values in (
            lambda each: FILLED * gltf_to_world(np.asarray(each.vertices)),
            lambda each: gltf_to_world(np.asarray(each.vertex_normals)),
            lambda each: np.stack([each.visual.uv[:, 0], 1 - each.visual.uv[:, 1]], 1),
        )
    )
    faces = np.concatenate([start + each.faces for start, each in zip(first, parts, strict=False)])
    pictures = {each.visual.material.baseColorTexture.tobytes() for each in parts}
    if len(pictures) > 1:
        raise SystemExit(f"{path} has more than one texture")
    picture = parts[0].visual.material.baseColorTexture.convert("RGB")
    side = max(picture.size)
    image = np.array(picture.resize((side, side)))
    return TexturedMesh(vertices, normals, uv, faces.astype(np.int32), image)


def lens_at(azimuth: float, elevation: float, focal: float) -> Lens:
    """A camera so far off that the object has always the same size."""
    return orbit_lens("photo", azimuth, elevation, SIZE, focal, distance=1.25 * focal / SIZE)


def errors(lens: Lens, truth: Lens) -> tuple[float, float, float]:
    """Of the focal length in percent, of the rotation in degrees, of the place in percent."""
    turn = lens.world_to_camera[:3, :3] @ truth.world_to_camera[:3, :3].T
    degrees = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    away = np.linalg.norm(lens.position - truth.position) / np.linalg.norm(truth.position)
    return 100 * abs(lens.fx / truth.fx - 1), float(degrees), float(100 * away)


if __name__ == "__main__":
    main()
