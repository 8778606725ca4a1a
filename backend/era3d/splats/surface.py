# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points spread evenly over a painted mesh."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from era3d.texture.sampling import sample
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh


class SurfacePoints(NamedTuple):
    """Points, what direction they face and what colour they have.

    Attributes
    ----------
    positions, normals : (n, 3) float32
        World frame; unit normals.
    colors : (n, 3) float32
        sRGB, 0..1.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    colors: NDArray[np.float32]


def triangle_areas(mesh: TexturedMesh | ColoredMesh) -> NDArray[np.float64]:
    """Areas (m,) in square units."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def surface_points(
    mesh: TexturedMesh | ColoredMesh, count: int, rng: np.random.Generator
) -> SurfacePoints:
    """Spread points over a mesh, as many for each area as its size asks.

    Parameters
    ----------
    mesh : TexturedMesh or ColoredMesh
    count : int
    rng : numpy.random.Generator
        Of where in its share of the area each point lies.
    """
    edges = triangle_areas(mesh).cumsum()
    share = (np.arange(count) + rng.random(count)) / count * edges[-1]
    face = mesh.faces[np.searchsorted(edges, share).clip(max=len(edges) - 1)]
    root, across = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - root, root * (1 - across), root * across], 1).astype(np.float32)

    def blend(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.einsum("nk,nkc->nc", weights, values[face])

    normals = blend(mesh.normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    if isinstance(mesh, ColoredMesh):
        return SurfacePoints(blend(mesh.vertices), normals, blend(mesh.colors))
    column, row = (blend(mesh.uv) * len(mesh.image) - 0.5).T
    colors = (sample(mesh.image, column, row) / 255).astype(np.float32)
    return SurfacePoints(blend(mesh.vertices), normals, colors)
