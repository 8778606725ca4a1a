# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the cameras of several photos are found, over renders whose cameras are known.

The photos are twelve renders of the tests' speckled box, all round it and by turns from 12 and 22
degrees above, with a lens of 50 mm on a sensor 36 mm wide. The table goes to ``RESULTS.md``.

    python benchmarks/motion.py [--size 600]
"""

import argparse
import datetime
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from cameras import errors
from machine import machine
from PIL import Image
from results import keep

sys.path.insert(0, str(Path(__file__).parents[1]))

from era3d.drawing import draw
from era3d.lens import orbit_lens
from era3d.photos.motion import reconstruct
from tests.backend.photos.scenes import speckled

HEADING = "## Cameras of several photos"
COUNT, DISTANCE = 12, 1.7
ABOUT = """Twelve renders of the tests' speckled box stand for photos, with a lens of 50 mm. Of
those that found their place: the largest error of the focal length, of the rotation, and of the
place as a share of the distance. The cameras are in the mesh's frame as they come.
"""


def main() -> None:
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=600, help="pixels of a photo")
    size = parser.parse_args().size
    torch.set_num_threads(1)
    mesh = speckled()
    truth = {
        f"{k:02}.png": orbit_lens(
            f"{k:02}.png", 360 / COUNT * k + 7, 12 + 10 * (k % 2), size, 50 / 36 * size, DISTANCE
        )
        for k in range(COUNT)
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for lens in truth.values():
            Image.fromarray(draw(mesh, lens).picture).convert("RGB").save(folder / lens.name)
        used = time.process_time()
        found = reconstruct(mesh, [folder / each for each in truth], folder / "work")
        used = time.process_time() - used
    focal, degrees, away = np.max([errors(each, truth[each.name]) for each in found.lenses], 0)
    row = f"| {size} | {len(found.lenses)} of {COUNT} | {focal:.2f} | {degrees:.2f} | {away:.2f} "
    row += f"| {len(found.points):,} | {used:.0f} |"
    print(row)
    head = [
        "| pixels | placed | focal % | rotation deg | place % | points | CPU s |",
        "|---" * 7 + "|",
    ]
    keep(HEADING, ABOUT, [f"### {datetime.date.today():%d %B %Y}, {machine()}", "", *head, row])


if __name__ == "__main__":
    main()
