# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs all round a painted mesh, as trainers of splats and radiance fields want them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from era3d.drawing import draw
from era3d.lens import Lens, orbit_lens
from era3d.progress import Progress, ignore
from era3d.splats.surface import SurfacePoints, surface_points
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

ELEVATIONS = (-15.0, 15.0, 45.0)
A_RING = 16
SIZE = 512
DISTANCE = 2.0
# The object's box is one unit wide at most, so its corners stay inside.
_FOCAL = 1.35
_POINTS = 5000
_AS_NEAR = 1.5  # pixels: a point as near as that to what a pixel shows is seen there


@dataclass(frozen=True)
class Photograph:
    """One picture of the ring.

    Attributes
    ----------
    lens : Lens
    picture : (size, size, 4) uint8
        sRGB, straight alpha.
    seen : (k,) intp
        Indices of the surface points that it shows.
    pixel : (k, 2) float64
        Where it shows them.
    """

    lens: Lens
    picture: NDArray[np.uint8]
    seen: NDArray[np.intp]
    pixel: NDArray[np.float64]


def ring_lenses(size: int = SIZE, each: int = A_RING) -> list[Lens]:
    """Cameras at three heights that look at the origin."""
    return [
        orbit_lens(f"{ring * each + k:03}.png", azimuth, elevation, size, _FOCAL * size, DISTANCE)
        for ring, elevation in enumerate(ELEVATIONS)
        for k, azimuth in enumerate((np.arange(each) + ring / len(ELEVATIONS)) * 360 / each)
    ]


def points_of(mesh: TexturedMesh | ColoredMesh, count: int = _POINTS) -> SurfacePoints:
    """Points of the surface that the photographs are registered by."""
    return surface_points(mesh, count, np.random.default_rng(0))


def photographs(
    mesh: TexturedMesh | ColoredMesh,
    points: SurfacePoints,
    lenses: list[Lens],
    progress: Progress = ignore,
) -> Iterator[Photograph]:
    """Take each photograph, and find which points it shows."""
    for index, lens in enumerate(lenses):
        drawing = draw(mesh, lens)
        pixel, depth = lens.project(points.positions.astype(np.float64))
        column, row = np.floor(pixel).astype(int).T
        inside = (depth > 0) & (column >= 0) & (row >= 0)
        inside &= (column < lens.width) & (row < lens.height)
        shown = np.full_like(points.positions, np.nan)
        shown[inside] = drawing.position[row[inside], column[inside]]
        off = np.linalg.norm(shown - points.positions, axis=1)
        seen = np.flatnonzero(off < _AS_NEAR * depth / lens.fx)
        yield Photograph(lens, drawing.picture, seen, pixel[seen])
        progress(index + 1, len(lenses))
