# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours for what no view saw: spread over the surface from what is seen."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from era3d.mesh import TriangleMesh

_STIFFNESS = 0.005
_ANCHOR = 1e-7
# Steps of sRGB colour, 0..1, between neighbours from which on an edge is meant.
_EDGE_STEP = 0.02


def fill_over_surface(
    mesh: TriangleMesh, color: NDArray[np.floating], confidence: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Colours of all vertices: known ones as they are, the others spread from them.

    Solves a screened Laplace equation on the mesh's edges, so colours do not leap over gaps in
    space. Less flows across edges where the nearest known colour changes, so that what is sharp
    stays so. Pieces of the mesh with no known vertex take the colour nearest in space.

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
    known = confidence > 0
    if not known.any():
        return np.broadcast_to(color.mean(0), color.shape).astype(np.float32)
    _, nearest = cKDTree(mesh.vertices[known]).query(mesh.vertices)
    anchor = color[known][nearest]
    screen = confidence.astype(np.float64)
    ends, weight = _edges(mesh)
    step = np.linalg.norm(anchor[ends[:, 0]] - anchor[ends[:, 1]], axis=1)
    conducting = _STIFFNESS * weight / np.hypot(1.0, step / _EDGE_STEP)
    system = _laplacian(ends, conducting, len(screen)) + diags_array(screen + _ANCHOR)
    right = screen[:, None] * color + _ANCHOR * anchor
    return splu(system.tocsc()).solve(right).clip(0, 1).astype(np.float32)


def _edges(mesh: TriangleMesh) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Ends (e, 2) of the mesh's edges and their weights (e,): 1 is typical, shorter ones more."""
    ends = np.concatenate([mesh.faces[:, [k, (k + 1) % 3]] for k in range(3)])
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    length = np.linalg.norm(mesh.vertices[ends[:, 0]] - mesh.vertices[ends[:, 1]], axis=1)
    typical = max(float(np.median(length)), 1e-12) if len(length) else 1.0
    return ends, np.minimum(typical / np.maximum(length, 1e-12), 100.0).astype(np.float64)


def _laplacian(ends: NDArray[np.int32], weight: NDArray[np.float64], count: int) -> csr_array:
    """Laplacian (n, n) of a graph of weighted edges."""
    adjacency = csr_array(coo_array((weight, (ends[:, 0], ends[:, 1])), shape=(count, count)))
    adjacency = adjacency + adjacency.T
    return diags_array(np.asarray(adjacency.sum(1)).ravel()) - adjacency
