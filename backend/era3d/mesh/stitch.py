# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a closed mesh 2-manifold: cut it where sheets merely touch, and stitch each sheet shut."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from era3d.mesh.triangle_mesh import TriangleMesh

_APART = 0.05

Ints = NDArray[np.int64]


def make_manifold(mesh: TriangleMesh) -> TriangleMesh:
    """Split vertices and edges that more than one sheet shares, and part the copies a little.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and consistently oriented: along each edge as many faces run one way as the other.

    Returns
    -------
    TriangleMesh
        Every edge has two faces, every vertex one ring of them.
    """
    faces = _without_flaps(mesh.faces.astype(np.int64))
    points = mesh.vertices.astype(np.float64)
    twin = _twins(points, faces)
    points, faces, twin = _split_shared_edges(points, faces, twin)
    return _part_sheets(points, faces, twin)


def _without_flaps(faces: Ints) -> Ints:
    """Drop faces without three corners, and pairs of faces that lie back to back."""
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    low, middle, high = np.sort(faces, axis=1).T
    scale = int(faces.max()) + 1
    _, group, count = np.unique(
        (low * scale + middle) * scale + high, return_inverse=True, return_counts=True
    )
    stacked = np.flatnonzero(count[group] > 1)
    if not len(stacked):
        return faces
    lowest = np.argmin(faces[stacked], axis=1)
    turned = np.take_along_axis(faces[stacked], (lowest[:, None] + [1, 2]) % 3, 1)
    turns_left = turned[:, 0] < turned[:, 1]
    keep = np.ones(len(faces), bool)
    for stack in np.unique(group[stacked]):
        members = group[stacked] == stack
        left, right = stacked[members & turns_left], stacked[members & ~turns_left]
        both = min(len(left), len(right))
        keep[left[:both]] = keep[right[:both]] = False
    return faces[keep]


def _twins(points: NDArray[np.float64], faces: Ints) -> Ints:
    """For each half-edge 3 * face + k (corner k to k + 1), the one it is stitched to (3m,)."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    low, high = np.minimum(start, end), np.maximum(start, end)
    key = low * len(points) + high
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    size = np.diff(np.r_[begins, len(order)])
    twin = np.full(len(key), -1)
    pair = begins[size == 2]
    twin[order[pair]], twin[order[pair + 1]] = order[pair + 1], order[pair]
    for begin, count in zip(begins[size > 2], size[size > 2], strict=True):
        for one, other in _pairs_around(points, faces, order[begin : begin + count]):
            twin[one], twin[other] = other, one
    if (twin < 0).any():
        raise ValueError("the mesh is not closed")
    return twin


def _pairs_around(points: NDArray[np.float64], faces: Ints, halves: Ints) -> list[tuple[int, int]]:
    """Pair the half-edges at one edge so that each pair bounds one wedge of solid."""
    start, end = faces.ravel()[halves], np.roll(faces, -1, axis=1).ravel()[halves]
    opposite = np.roll(faces, -2, axis=1).ravel()[halves]
    forward = start < end
    base = points[start.min()]
    axis = points[end.max()] - base
    axis = axis / max(np.linalg.norm(axis), 1e-30)
    arm = points[opposite] - base
    arm -= np.outer(arm @ axis, axis)
    side = arm[0] / max(np.linalg.norm(arm[0]), 1e-30)
    angle = np.arctan2(arm @ np.cross(axis, side), arm @ side)
    # Turning about the edge, solid begins at a backward face and ends at the next forward one.
    ring = [int(k) for k in np.lexsort((forward, angle))]
    stack: list[int] = []
    pairs: list[tuple[int, int]] = []
    for k in ring + ring:
        if k in stack or any(k in pair for pair in pairs):
            continue
        if not forward[k]:
            stack.append(k)
        elif stack:
            pairs.append((stack.pop(), k))
    return [(int(halves[i]), int(halves[j])) for i, j in pairs]


def _rings(faces: Ints, twin: Ints) -> tuple[int, Ints]:
    """How many vertices the stitched mesh has, and which one each corner (3m,) is."""
    half = np.arange(faces.size)
    after = half - half % 3 + (half + 1) % 3
    twin_after = twin - twin % 3 + (twin + 1) % 3
    ends = np.r_[half, after], np.r_[twin_after, twin]
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), (faces.size, faces.size))
    count, ring = connected_components(graph, directed=False)
    return int(count), ring.astype(np.int64)


def _split_shared_edges(
    points: NDArray[np.float64], faces: Ints, twin: Ints
) -> tuple[NDArray[np.float64], Ints, Ints]:
    """Put a vertex of its own on each of the stitched edges that share both their ends."""
    while True:
        _, ring = _rings(faces, twin)
        after = np.roll(ring.reshape(-1, 3), -1, axis=1).ravel()
        key = np.minimum(ring, after) * len(ring) + np.maximum(ring, after)
        _, group, count = np.unique(key, return_inverse=True, return_counts=True)
        shared = np.flatnonzero((count[group] > 2) & (np.arange(len(twin)) < twin))
        if not len(shared):
            return points, faces, twin
        touched: set[int] = set()
        chosen = []
        for half in shared.tolist():
            pair = {half // 3, int(twin[half]) // 3}
            if not pair & touched:
                touched |= pair
                chosen.append(half)
        for half in chosen:
            points, faces = _insert_midpoint(points, faces, half, int(twin[half]))
        twin = _twins(points, faces)


def _insert_midpoint(
    points: NDArray[np.float64], faces: Ints, half: int, twin: int
) -> tuple[NDArray[np.float64], Ints]:
    """Cut the two faces of a stitched edge in two at a new vertex on the edge."""
    middle = len(points)
    corners = faces.ravel()
    start, end = corners[half], corners[half - half % 3 + (half + 1) % 3]
    points = np.vstack([points, (points[start] + points[end]) / 2.0])
    added = []
    faces = faces.copy()
    for side in (half, twin):
        face, corner = divmod(side, 3)
        a, b, c = np.roll(faces[face], -corner)
        faces[face] = a, middle, c
        added.append((middle, b, c))
    return points, np.vstack([faces, added])


def _part_sheets(points: NDArray[np.float64], faces: Ints, twin: Ints) -> TriangleMesh:
    """Give each ring of faces its own vertex; copies move towards their own neighbours."""
    count, ring = _rings(faces, twin)
    original = np.empty(count, np.int64)
    original[ring] = faces.ravel()
    renumbered = ring.reshape(-1, 3)
    moved = points[original]
    # Equal points have equal projections, and different ones hardly ever.
    along = moved @ np.array([1.0, np.pi, np.e])
    _, place, sharing = np.unique(along, return_inverse=True, return_counts=True)
    copied = sharing[place] > 1
    if copied.any():
        ahead, behind = (np.roll(renumbered, turn, axis=1).ravel() for turn in (-1, 1))
        around = moved[ahead] + moved[behind]
        total = np.stack([np.bincount(ring, around[:, k], count) for k in range(3)], 1)
        mean = total / (2.0 * np.bincount(ring, minlength=count))[:, None]
        moved[copied] += _APART * (mean - moved)[copied]
    return TriangleMesh(moved.astype(np.float32), renumbered.astype(np.int32))
