# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the cameras of several photos are found, over renders whose cameras are known.

The photos are twelve renders, all round and by turns from 12 and 22 degrees above, with a lens of
50 mm on a sensor 36 mm wide: of the tests' speckled box, or of objects (``OBJECTS/<shape>.glb``)
whose jobs (``JOBS/<shape>``) made the mesh that the photos are placed about. The table goes to
``RESULTS.md``.

    python benchmarks/motion.py [--size 600]
    python benchmarks/motion.py --jobs DIR --objects DIR --only boombox
        [--blender .venv-bpy-4.5.15/bin/python]
"""

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from cameras import FILLED, errors, read_object
from lit import take_photos
from machine import machine
from numpy.typing import NDArray
from PIL import Image
from results import keep

sys.path.insert(0, str(Path(__file__).parents[1]))

from era3d.drawing import draw
from era3d.errors import InputError
from era3d.export import read_glb
from era3d.lens import Lens, orbit_lens
from era3d.photos.motion import reconstruct
from era3d.texture import ColoredMesh, TexturedMesh
from tests.backend.photos.scenes import speckled

HEADING = "## Cameras of several photos"
COUNT, DISTANCE = 12, 1.7
ABOUT = """Twelve renders of the tests' speckled box stand for photos, with a lens of 50 mm. Of
those that found their place: the largest error of the focal length, of the rotation, and of the
place as a share of the distance. The cameras are in the mesh's frame as they come.
"""


def main() -> None:
    """Measure every shape, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=600, help="pixels of a photo")
    parser.add_argument("--only", help="names of jobs and objects, with commas; else the box")
    parser.add_argument("--jobs", type=Path, help="folder of jobs")
    parser.add_argument("--objects", type=Path, help="folder of the GLBs that they are of")
    parser.add_argument("--blender", type=Path, help="a Python with bpy: photos in light")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in options.only.split(",") if options.only else ["box"]:
        rows.append(measure(name, options))
        print(rows[-1], flush=True)
    head = [
        "| photos of | pixels | placed | focal % | rotation deg | place % | points | CPU s |",
        "|---" * 8 + "|",
    ]
    keep(HEADING, ABOUT, [f"### {datetime.date.today():%d %B %Y}, {machine()}", "", *head, *rows])


def measure(name: str, options: argparse.Namespace) -> str:
    """One row."""
    mesh = read_glb(options.jobs / name / "mesh.glb") if options.only else speckled()
    size = options.size
    truth = {lens.name: lens for lens in lenses(size)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for lens, picture in zip(truth.values(), photos(mesh, name, options), strict=True):
            Image.fromarray(on_grey(picture)).save(folder / lens.name)
        used = time.process_time()
        try:
            found = reconstruct(mesh, [folder / each for each in truth], folder / "work")
            worst = np.max([errors(each, truth[each.name]) for each in found.lenses], 0)
            placed, points = len(found.lenses), len(found.points)
        except InputError:
            worst, placed, points = (np.nan,) * 3, 0, 0
        used = time.process_time() - used
    kind = f"{name}, in light" if options.blender else name
    numbers = " | ".join(f"{each:.2f}" for each in worst)
    return f"| {kind} | {size} | {placed} of {COUNT} | {numbers} | {points:,} | {used:.0f} |"


def lenses(size: int) -> Iterator[Lens]:
    """Yield the cameras of the photos."""
    for k in range(COUNT):
        name, azimuth, elevation = f"{k:02}.png", 360 / COUNT * k + 7, 12 + 10 * (k % 2)
        yield orbit_lens(name, azimuth, elevation, size, 50 / 36 * size, DISTANCE)


def photos(
    mesh: TexturedMesh | ColoredMesh, name: str, options: argparse.Namespace
) -> Iterable[NDArray[np.uint8]]:
    """Take them."""
    places = list(lenses(options.size))
    if options.blender:
        return take_photos(options.blender, options.objects / f"{name}.glb", FILLED, places)
    subject = read_object(options.objects / f"{name}.glb") if options.only else mesh
    return (draw(subject, lens).picture for lens in places)


def on_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours in front of grey."""
    alpha = picture[..., 3:] / 255
    return np.round(picture[..., :3] * alpha + 128 * (1 - alpha)).astype(np.uint8)


if __name__ == "__main__":
    main()
