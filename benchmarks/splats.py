# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How good splats are where no view was, beside the textured mesh they begin as.

Reads what the judge's ``make_gt.py`` made of each mesh (``TRUTH/<shape>/{views,reference.npz}``)
and the jobs that were made of those views (``JOBS/<shape>/mesh.glb``). The table goes to
``RESULTS.md``.

    python benchmarks/splats.py --truth DIR --jobs DIR --only spot,fox [--count N] [--size N]
"""

import argparse
import datetime
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from machine import machine
from numpy.typing import NDArray
from results import keep

from era3d.export import read_glb
from era3d.lens import Lens, orbit_lens, orthographic_lens
from era3d.raster import rasterize
from era3d.splats.cloud import SH_C0, Gaussians
from era3d.splats.reconstruct import splats_of
from era3d.splats.render import Parameters, render
from era3d.texture import TexturedMesh
from era3d.texture.sampling import sample
from era3d.views import load_views

HEADING = "## Splats"
# The judge's names and azimuths of views that nothing was fitted to.
HELD_OUT = {"h022": 22.5, "h067": 67.5, "h135": 135, "h225": 225, "h292": 292.5, "h337": 337.5}
TRUTH_SIZE, MEASURED = 512, 256
THIN = 17 / 512  # of the picture: what a disc of this diameter does not fit into is thin
ABOUT = """PSNR in dB at six azimuths between the views, of the splats and of the textured mesh they
begin as, against the truth. The mesh is drawn at 512 pixels as the truth is, the splats at the size
of the fit, and all are reduced to 256 by averaging. Inside: where truth and mesh are both opaque,
splats divided by their opacity. Whole: the picture, on white.
Thin: parts of the truth that a disc of 17/512 of the picture does not fit into, with one pixel
around, on white. Seconds and CPU s: placing and fitting.
"""


def main() -> None:
    """Measure every shape, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", type=Path, required=True, help="folder of the judge's truth")
    parser.add_argument("--jobs", type=Path, required=True, help="folder of jobs of its views")
    parser.add_argument("--only", required=True, help="names of shapes, with commas")
    parser.add_argument("--count", type=int, help="Gaussians; by default as many as a job has")
    parser.add_argument("--size", type=int, default=512, help="pixels of the fit")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in options.only.split(","):
        rows.append(measure(options.truth / name, options.jobs / name, options))
        print(rows[-1], flush=True)
    title = f"### {datetime.date.today():%d %B %Y}, {machine()}"
    about = f"; fitted at {options.size} pixels"
    keep(HEADING, ABOUT, [title + about, "", *table(rows)])


def measure(truth: Path, job: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One row: fit, then compare splats and mesh at each held-out azimuth."""
    mesh, views = read_glb(job / "mesh.glb"), load_views(truth / "views")
    assert isinstance(mesh, TexturedMesh)
    began, used = time.monotonic(), time.process_time()
    splats = splats_of(mesh, views, count=options.count, size=options.size)
    seconds, used = time.monotonic() - began, time.process_time() - used
    found = []
    with np.load(truth / "reference.npz") as reference:
        for name, azimuth in HELD_OUT.items():
            pose = orbit_lens(name, azimuth, 0, TRUTH_SIZE, 1).matrix_world
            lens = orthographic_lens(name, pose, TRUTH_SIZE)
            alpha = reference[f"{name}_alpha"] / 255
            wanted = np.dstack([reference[f"{name}_color"] / 255 * alpha[..., None], alpha])
            mine = picture_of_splats(splats, lens.resized(options.size, options.size))
            drawn = wanted, picture_of_mesh(mesh, lens), mine
            found.append(compare(*(smaller(each, MEASURED) for each in drawn)))
    means = np.nanmean(np.array(found), axis=0)
    names = [
        "mesh inside",
        "splats inside",
        "mesh whole",
        "splats whole",
        "mesh thin",
        "splats thin",
    ]
    figures = dict(zip(names, means.tolist(), strict=True))
    row: dict[str, Any] = {"shape": truth.name, "Gaussians": f"{len(splats):,}", **figures}
    return row | {"seconds": seconds, "CPU s": used}


def picture_of_splats(splats: Gaussians, lens: Lens) -> NDArray[np.floating]:
    """Colour times opacity, and opacity, (h, w, 4)."""
    parts = splats.means, splats.rotations, splats.log_scales, splats.logits
    colors = torch.tensor(0.5 + SH_C0 * splats.harmonics[:, 0])
    with torch.no_grad():
        color, alpha = render(Parameters(*map(torch.tensor, parts)), colors, lens)
    return np.dstack([color.numpy(), alpha.numpy()])


def picture_of_mesh(mesh: TexturedMesh, lens: Lens) -> NDArray[np.floating]:
    """Colour times opacity, and opacity, (h, w, 4)."""
    pixel, depth = lens.project(mesh.vertices)
    seen = np.concatenate([pixel, depth[:, None]], axis=1).astype(np.float32)
    fragments = rasterize(torch.from_numpy(seen[mesh.faces]), lens.height, lens.width)
    uv = fragments.interpolate(torch.from_numpy(mesh.uv[mesh.faces])).numpy()
    column, row = uv.reshape(-1, 2).T * len(mesh.image) - 0.5
    color = sample(mesh.image, column, row).reshape(lens.height, lens.width, 3) / 255
    alpha = (fragments.face >= 0).numpy().astype(float)
    return np.dstack([color * alpha[..., None], alpha])


def smaller(picture: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """The same picture in a square of another size, by averaging."""
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))


def compare(
    wanted: NDArray[np.floating], mesh: NDArray[np.floating], splats: NDArray[np.floating]
) -> list[float]:
    """PSNR inside, of the whole and of thin parts, of the mesh and of the splats in turn."""
    inside = (wanted[..., 3] > 0.999) & (mesh[..., 3] > 0.999)
    there = (wanted[..., 3] > 0.5).astype(np.uint8)
    width = round(THIN * len(there)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    thin = cv2.dilate(there - cv2.morphologyEx(there, cv2.MORPH_OPEN, disc), np.ones((3, 3))) > 0
    found = []
    for mask, draw in ((inside, straight), (np.ones_like(inside), on_white), (thin, on_white)):
        for picture in (mesh, splats):
            found.append(psnr(draw(picture)[mask], draw(wanted)[mask]))
    return found


def straight(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colours, no longer multiplied by opacity."""
    return picture[..., :3] / np.maximum(picture[..., 3:], 1e-3)


def on_white(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colours in front of white."""
    return picture[..., :3] + 1 - picture[..., 3:]


def psnr(mine: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    """In dB; NaN where there is nothing to compare."""
    if not len(mine):
        return float("nan")
    return float(-10 * np.log10(max(float(((mine.clip(0, 1) - wanted) ** 2).mean()), 1e-6)))


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    for row in rows:
        cells = [each if isinstance(each, str) else f"{each:.1f}" for each in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    main()
