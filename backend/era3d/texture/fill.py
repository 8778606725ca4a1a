# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours for what no view saw: spread over the surface from what is seen."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from era3d.mesh import TriangleMesh
from era3d.texture.graph import edges_of, laplacian

_STIFFNESS = 0.005
_ANCHOR = 1e-7
# Steps of sRGB colour, 0..1, between neighbours from which on an edge is meant.
_EDGE_STEP = 0.02
# How much longer ways up and down count than ways round. The views stand around the object at one
# height, so what they miss lies beside what they see, and colours change with height.
_CLIMB = 6.0
# Colours known this well may spread; those known less only stand where they are.
_SURE = 0.5
_UNKNOWN = 0.5


def fill_over_surface(
    mesh: TriangleMesh, color: NDArray[np.floating], confidence: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Colours of all vertices: known ones as they are, the others spread from them.

    Solves a screened Laplace equation on the mesh's edges, so colours do not leap over gaps in
    space. Less flows across edges where the colour that is nearest along the surface changes, so
    that what is sharp stays so. Pieces of the mesh with no known vertex take the colour nearest in
    space; if nothing is known at all, everything is grey.

    Parameters
    ----------
    mesh : TriangleMesh
    color : (n, 3) float
    confidence : (n,) float
        0 where the colour of a vertex is not known, up to 1 where it is.

    Returns
    -------
    (n, 3) float32
    """
    known = confidence >= _SURE if (confidence >= _SURE).any() else confidence > 0
    if not known.any():
        return np.full(color.shape, _UNKNOWN, np.float32)
    ends = edges_of(mesh.faces)
    step = (mesh.vertices[ends[:, 0]] - mesh.vertices[ends[:, 1]]) * [1.0, 1.0, _CLIMB]
    length = np.maximum(np.linalg.norm(step, axis=1), 1e-9)
    anchor = color[_nearest_known(mesh, known, ends, length)]
    screen = confidence.astype(np.float64) ** 2
    change = np.linalg.norm(anchor[ends[:, 0]] - anchor[ends[:, 1]], axis=1)
    typical = float(np.median(length)) if len(length) else 1.0
    conducting = (
        np.minimum(typical / length, 100.0) * _STIFFNESS / np.hypot(1.0, change / _EDGE_STEP)
    )
    system = laplacian(ends, conducting, len(screen)) + diags_array(screen + _ANCHOR)
    right = screen[:, None] * color + _ANCHOR * anchor
    return splu(system.tocsc()).solve(right).clip(0, 1).astype(np.float32)


def _nearest_known(
    mesh: TriangleMesh,
    known: NDArray[np.bool_],
    ends: NDArray[np.int32],
    length: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The known vertex (n,) nearest along edges; nearest in space where no path leads to one."""
    count = len(known)
    graph = csr_array(coo_array((length, ends.T), shape=(count, count)))
    sources = np.flatnonzero(known)
    _, _, nearest = dijkstra(
        graph, directed=False, indices=sources, return_predecessors=True, min_only=True
    )
    nearest = nearest.astype(np.int64)
    apart = nearest < 0
    if apart.any():
        _, index = cKDTree(mesh.vertices[sources]).query(mesh.vertices[apart])
        nearest[apart] = sources[index]
    return nearest
