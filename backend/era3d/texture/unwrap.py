# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unwrap a mesh: xatlas in a child process, or else charts that are projections."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from era3d.mesh import TriangleMesh
from era3d.texture.atlas import Atlas
from era3d.texture.projective import projective_atlas

CHILD = Path(__file__).with_name("unwrap_child.py")
# xatlas packs on a grid of texels: larger is slower and hardly tighter.
_SMALLEST_GRID, _LARGEST_GRID = 256, 1024
_PADDING = 4
# Perfectly regular meshes crash xatlas; moved by this share of their extent they do not.
_JITTERS = (0.0, 1e-4)


def unwrap(mesh: TriangleMesh, size: int, seconds: float) -> Atlas:
    """Give every face of a mesh a place in the texture that no other face overlaps.

    Parameters
    ----------
    mesh : TriangleMesh
    size : int
        Width and height of the texture in pixels.
    seconds : float
        How long xatlas may try; 0 leaves it out. Where it crashes or takes longer, the atlas is
        made of projections into the views instead.

    Returns
    -------
    Atlas
    """
    return (seconds > 0 and xatlas_atlas(mesh, size, seconds)) or projective_atlas(mesh, size)


def xatlas_atlas(mesh: TriangleMesh, size: int, seconds: float) -> Atlas | None:
    """Unwrap by xatlas in a child process; None where it crashes, gives up or takes too long."""
    grid = min(max(size, _SMALLEST_GRID), _LARGEST_GRID)
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="era3d-unwrap-") as folder:
        given, made = Path(folder, "mesh.npz"), Path(folder, "atlas.npz")
        np.savez(given, vertices=mesh.vertices, faces=mesh.faces)
        for jitter in _JITTERS:
            command = [sys.executable, "-I", str(CHILD), str(given), str(made)]
            try:
                child = subprocess.run(
                    [*command, str(grid), str(_PADDING), str(jitter)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=max(deadline - time.monotonic(), 0.1),
                )
            except subprocess.TimeoutExpired:
                return None
            if child.returncode == 0 and (atlas := _read(made, mesh)) is not None:
                return atlas
    return None


def _read(file: Path, mesh: TriangleMesh) -> Atlas | None:
    """The child's result, its pixels scaled to a unit square; None if it left a face out."""
    with np.load(file) as data:
        vertex, pixels, faces = (data[name] for name in ("vertex", "uv", "faces"))
    if not np.array_equal(vertex[faces], mesh.faces) or not np.isfinite(pixels).all():
        return None
    extent = np.ceil(pixels.max(0)).max() + _PADDING / 2
    uv = (pixels / extent).clip(0.0, 1.0)
    return Atlas(vertex.astype(np.int32), uv.astype(np.float32), faces.astype(np.int32))
