# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How good the baked textures are where no view was, and what they cost.

Reads what the judge's ``make_gt.py`` made of each mesh (``TRUTH/<shape>/{views,reference.npz}``)
and the surfaces that were fused of those views (``SURFACES/<shape>.ply``). The table goes to
``RESULTS.md``.

    python benchmarks/texture.py --truth DIR --surfaces DIR [--only spot,fox] [--size 1024]
"""

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from machine import machine
from numpy.typing import NDArray
from results import keep
from scipy.spatial import cKDTree

from era3d.mesh import TriangleMesh, read_ply
from era3d.raster import rasterize
from era3d.texture import TexturedMesh, TextureSettings, bake, paint_vertices
from era3d.texture.sampling import sample
from era3d.texture.seams import Painting, measure_seams
from era3d.views import Views, load_views

HEADING = "## Texture"
# The judge's names and azimuths of views that the baker never sees.
HELD_OUT = {"h022": 22.5, "h067": 67.5, "h135": 135, "h225": 225, "h292": 292.5, "h337": 337.5}
SIZE = 512
# The judge's box is two units wide, ours one.
JUDGE_SCALE = 2
UNEVEN = 0.95 * (1 + 0.05 * np.array([1, -1, 1, -1, 1, -1]))
ABOUT = """PSNR in dB at six azimuths between the views, as the judge counts: where the picture and
the truth are both opaque. Ceiling: the same baker on the true mesh. Vertex: a colour per vertex of
the same mesh. Seam: mean colour gradient across borders of charts over the mean gradient elsewhere
with exposures of the views 5 % up and down in turn. Charts lie along creases, where many objects
change colour themselves: own is the same of the object's own colours at the same places (those of
the ceiling's texture), and added is seam over own. Charts is seam over what it is with exposures as
they are, and views likewise across lines where another view contributes most. Jump: difference of
colour, 0 to 255, between both sides at the very border of charts. Fill: texels in charts or within
two texels of one, which filtering needs. Seconds, CPU s and MB: baking alone, unwrapping included.
"""


def main() -> None:
    """Measure every shape in a process of its own, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, required=True, help="folder of the judge's truth")
    parser.add_argument("--surfaces", type=Path, required=True, help="folder of fused .ply meshes")
    parser.add_argument("--only", help="names of shapes, with commas")
    parser.add_argument("--size", type=int, default=1024, help="of the texture, in texels")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        print(json.dumps(measure(options.truth / options.row, options.surfaces, options.size)))
        return
    names = sorted(path.stem for path in options.surfaces.glob("*.ply"))
    rows = []
    for name in options.only.split(",") if options.only else names:
        command = [sys.executable, __file__, *sys.argv[1:], "--row", name]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        rows.append(json.loads(printed))
        print(printed, end="", flush=True)
    title = f"### {datetime.date.today():%d %B %Y}, {machine()}; texture of {options.size}"
    keep(HEADING, ABOUT, [title, "", *table(rows)])


def measure(truth: Path, surfaces: Path, size: int) -> dict[str, Any]:
    """One row: bake on the fused mesh, on the true one, at vertices, and with uneven exposure."""
    views, mesh = load_views(truth / "views"), read_ply(surfaces / f"{truth.name}.ply")
    settings = TextureSettings(size=size)
    began, used = time.monotonic(), cpu_seconds()
    textured = bake(mesh, views, settings)
    seconds, used = time.monotonic() - began, cpu_seconds() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with np.load(truth / "reference.npz") as reference:
        pictures = {name: reference[name] for name in reference.files if name[:4] in HELD_OUT}
        true_mesh = TriangleMesh((reference["v"] / JUDGE_SCALE).astype("f4"), reference["f"])
    best = bake(true_mesh, views, settings)
    colored = paint_vertices(mesh, views)
    even = measure_seams(mesh.faces, textured)
    own = measure_seams(mesh.faces, textured, painting(best))
    seam = measure_seams(mesh.faces, bake(mesh, uneven(views), settings))
    return {
        "shape": truth.name,
        "held-out": psnr(pictures, textured, textured.uv, textured.image),
        "ceiling": psnr(pictures, best, best.uv, best.image),
        "vertex": psnr(pictures, colored, colored.colors, None),
        "seam": seam.charts,
        "own": own.charts,
        "added": seam.charts / own.charts,
        "charts": seam.charts / even.charts,
        "views": seam.views / even.views,
        "jump": even.jump,
        "fill": fill(textured),
        "seconds": seconds,
        "CPU s": used,
        "MB": memory,
    }


def cpu_seconds() -> float:
    """Of this process and of what it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def uneven(views: Views) -> Views:
    """The views with exposures up and down in turn."""
    color = views.color.copy()
    color[..., :3] = np.round(color[..., :3] * UNEVEN[:, None, None, None])
    return Views(color, views.normal)


def psnr(
    pictures: dict[str, NDArray[Any]],
    mesh: Any,
    values: NDArray[np.float32],
    image: NDArray[np.uint8] | None,
) -> float:
    """Mean over the held-out azimuths; ``values`` (n, c) are colours or point into the image."""
    found = []
    for name, degrees in HELD_OUT.items():
        angle = np.radians(degrees)
        sin, cos = np.sin(angle), np.cos(angle)
        right, up, back = np.array([[cos, sin, 0], [0, 0, 1], [sin, -cos, 0]]) @ mesh.vertices.T
        seen = np.stack([(0.5 + right) * SIZE, (0.5 - up) * SIZE, -back], 1).astype(np.float32)
        fragments = rasterize(torch.from_numpy(seen[mesh.faces]), SIZE, SIZE)
        both = (fragments.face >= 0).numpy() & (pictures[f"{name}_alpha"] == 255)
        color = fragments.interpolate(torch.from_numpy(values[mesh.faces])).numpy()[both]
        if image is not None:
            column, row = color.T * len(image) - 0.5
            color = sample(image, column, row) / 255.0
        wanted = pictures[f"{name}_color"][both] / 255.0
        found.append(-10 * np.log10(max(float(((color - wanted) ** 2).mean()), 1e-6)))
    return float(np.mean(found))


def painting(textured: TexturedMesh) -> Painting:
    """The colours of the texels nearest to points in space."""
    size = len(textured.image)
    corners = np.zeros((len(textured.faces), 3, 3), np.float32)
    corners[..., :2] = textured.uv[textured.faces] * size
    drawn = rasterize(torch.from_numpy(corners), size, size)
    used = (drawn.face >= 0).numpy()
    points = drawn.interpolate(torch.from_numpy(textured.vertices[textured.faces])).numpy()[used]
    tree, color = cKDTree(points), textured.image[used].astype(np.float64)
    return lambda places: color[tree.query(places)[1]]


def fill(textured: TexturedMesh) -> float:
    """Share of texels in charts or within two texels of one."""
    size = len(textured.image)
    drawn = np.zeros((size, size), np.uint8)
    for corners in np.round((textured.uv[textured.faces] * size - 0.5) * 16).astype(np.int32):
        cv2.fillConvexPoly(drawn, corners, 1, shift=4)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    return float(cv2.dilate(drawn, disc).mean())


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as a Markdown table, their mean last."""
    names = list(rows[0])
    mean = {name: float(np.mean([row[name] for row in rows])) for name in names[1:]}
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in [*rows, {"shape": "**mean**", **mean}]:
        lines.append("| " + " | ".join(cell(name, row[name]) for name in names) + " |")
    return lines


def cell(name: str, value: Any) -> str:
    """A value as it stands in the table."""
    if isinstance(value, str):
        return value
    digits = {"seam": 2, "own": 2, "added": 2, "charts": 2, "views": 2, "fill": 2, "MB": 0}.get(
        name, 1
    )
    return f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
