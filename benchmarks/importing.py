# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the import of a job takes: by default 50,000 triangles, a texture of 2048, twelve views.

    .venv-bpy-4.5.15/bin/python benchmarks/importing.py [--job DIR]

Without a job, one is made: a ball with a photo's share of detail in its pictures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tests/addon")]

import glyph  # noqa: E402
from machine import machine  # noqa: E402

from era3d_blender import objects  # noqa: E402
from era3d_blender.scene.importing import import_job  # noqa: E402

ROUNDS = 5


def main() -> None:
    """Print the median and the longest of five imports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--job", type=Path, help="measure with this job")
    options = parser.parse_args()
    objects.register()
    with tempfile.TemporaryDirectory() as name:
        job = options.job or ball(Path(name) / "ball", faces=50_000, texture=2048)
        walls, computed = [], []
        for _ in range(ROUNDS):
            bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
            wall, used = time.perf_counter(), time.process_time()
            made = import_job(job, bpy.context.scene)
            walls.append(time.perf_counter() - wall)
            computed.append(time.process_time() - used)
    faces = len(made.mesh.data.polygons)
    print(f"Blender {bpy.app.version_string} on {machine()}: {faces:,} triangles imported in")
    for label, seconds in (("wall clock", walls), ("processor", computed)):
        print(f"  {label}: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")
    sys.stdout.flush()
    os._exit(0)  # some versions of Blender crash when the interpreter ends


def ball(folder: Path, faces: int, texture: int) -> Path:
    """Write a job of a ball: a grid of latitudes and longitudes, split where its UVs wrap."""
    glyph.write_job(folder)
    rows = round((faces / 4) ** 0.5)
    columns = 2 * rows
    v, u = np.mgrid[0 : rows + 1, 0 : columns + 1] / np.array([rows, columns])[:, None, None]
    around, down = 2 * np.pi * u, np.pi * v
    ring = 0.4 * np.sin(down)
    points = np.stack([ring * np.cos(around), ring * np.sin(around), 0.4 * np.cos(down)], -1)
    corner = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    index = np.stack([a, b, c, a, c, d], -1).ravel()
    uv = np.stack([u, v], -1)
    (folder / "mesh.glb").write_bytes(glyph.glb(points.reshape(-1, 3), uv.reshape(-1, 2), index))
    (folder / "texture.png").write_bytes(glyph.png(detail(texture)[..., :3]))
    for path in sorted((folder / "views").iterdir()):
        path.write_bytes(glyph.png(detail(512)))
    return folder


def detail(size: int) -> np.ndarray:
    """Return a picture (size, size, 4) uint8 that compresses about as a photo does."""
    random = np.random.default_rng(0)
    coarse = random.integers(60, 190, (size // 32, size // 32, 3))
    picture = np.kron(coarse, np.ones((32, 32, 1), int)) + random.integers(0, 24, (size, size, 1))
    alpha = np.full((size, size, 1), 255)
    return np.concatenate([picture, alpha], axis=-1).astype(np.uint8)


if __name__ == "__main__":
    main()
