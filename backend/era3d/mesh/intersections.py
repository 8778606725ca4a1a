# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a mesh runs through itself, and how to pull it apart there."""

import numpy as np
from numpy.typing import NDArray

from era3d.mesh.triangle_mesh import TriangleMesh

_PAIRS_AT_ONCE = 1 << 20
_MORTON_BITS = 10
# What becomes of a pair of boxes one level down: each half of one with each half of the other.
_HALVES = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
_ROUNDS = 10
_PASSES = 10
_SHARE = 0.5
# Volumes below this may have either sign; lengths are of the order of one.
_ROUNDING = 1e-15

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def find_intersections(mesh: TriangleMesh, among: Ints | None = None) -> Ints:
    """Pairs of faces that cut through each other.

    Faces that share an edge count as neighbours and are left out; of faces that share one corner
    only a cut away from it counts. Faces that lie in one plane, or that merely touch, do not cut.

    Parameters
    ----------
    mesh : TriangleMesh
    among : (N,) int64, optional
        Only pairs with one of these faces.

    Returns
    -------
    (K, 2) int64
        Indices of faces, the lower one first.
    """
    if not len(mesh.faces):
        return np.zeros((0, 2), np.int64)
    points = mesh.vertices.astype(np.float64)
    faces = mesh.faces.astype(np.int64)
    pairs = _overlapping_boxes(points[faces].min(1), points[faces].max(1))
    if among is not None:
        pairs = pairs[np.isin(pairs, among).any(1)]
    a, b, c = (points[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    found = [
        _cutting(points, faces, normals, pairs[first : first + _PAIRS_AT_ONCE])
        for first in range(0, len(pairs), _PAIRS_AT_ONCE)
    ]
    return np.concatenate([np.zeros((0, 2), np.int64), *found])


def untangle(mesh: TriangleMesh) -> TriangleMesh:
    """Smooth a mesh around faces that cut each other until none do, or it no longer helps.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and 2-manifold.

    Returns
    -------
    TriangleMesh
        The same faces; only vertices near cuts have moved.
    """
    points = mesh.vertices
    faces = mesh.faces.astype(np.int64)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    moved = None
    for rings in range(_ROUNDS):
        cuts = find_intersections(TriangleMesh(points, mesh.faces), moved)
        if not len(cuts):
            break
        near = np.zeros(len(points), bool)
        near[mesh.faces[cuts.ravel()]] = True
        # A knot that does not come undone needs more room.
        for _ in range(rings):
            near[end[near[start]]] = True
        points = _smoothed(points, start[near[start]], end[near[start]])
        moved = np.flatnonzero(near[faces].any(1))
    return TriangleMesh(points, mesh.faces)


def move_without_cuts(mesh: TriangleMesh, points: NDArray[np.float32]) -> TriangleMesh:
    """Move the vertices of a mesh to new points (n, 3), except where it would then cut itself."""
    points = points.copy()
    while True:
        cuts = find_intersections(TriangleMesh(points, mesh.faces))
        near = np.unique(mesh.faces[cuts.ravel()])
        if not (points[near] != mesh.vertices[near]).any():
            return TriangleMesh(points, mesh.faces)
        points[near] = mesh.vertices[near]


def _smoothed(points: NDArray[np.float32], start: Ints, end: Ints) -> NDArray[np.float32]:
    """Points (n, 3) of which those at the start of edges have moved to their neighbours' mean."""
    moved = points.astype(np.float64)
    near, place, degree = np.unique(start, return_inverse=True, return_counts=True)
    for _ in range(_PASSES):
        total = [np.bincount(place, moved[end, axis], len(near)) for axis in range(3)]
        moved[near] += _SHARE * (np.stack(total, 1) / degree[:, None] - moved[near])
    return moved.astype(np.float32)


def _overlapping_boxes(low: Floats, high: Floats) -> Ints:
    """Pairs (K, 2) of boxes (N, 3) to (N, 3) that overlap, by a binary tree of boxes.

    The boxes are put in the order of a space-filling curve; each level of the tree joins two
    neighbours of that order, and all pairs of one level are tested at once.
    """
    order = np.argsort(_morton_codes((low + high) / 2.0), kind="stable")
    size = 1 << max(len(order) - 1, 1).bit_length()
    bottom, top = np.full((size, 3), np.inf), np.full((size, 3), -np.inf)
    bottom[: len(order)], top[: len(order)] = low[order], high[order]
    levels = [(bottom, top)]
    while len(bottom) > 1:
        bottom, top = bottom.reshape(-1, 2, 3).min(1), top.reshape(-1, 2, 3).max(1)
        levels.append((bottom, top))
    first = second = np.zeros(1, np.int64)
    for bottom, top in reversed(levels[:-1]):
        first = (2 * first[:, None] + _HALVES[0]).ravel()
        second = (2 * second[:, None] + _HALVES[1]).ravel()
        kept = first <= second
        first, second = first[kept], second[kept]
        for axis in range(3):
            meet = (bottom[first, axis] <= top[second, axis]) & (
                bottom[second, axis] <= top[first, axis]
            )
            first, second = first[meet], second[meet]
    apart = first != second
    return np.sort(np.stack([order[first[apart]], order[second[apart]]], 1), axis=1)


def _morton_codes(points: Floats) -> Ints:
    """Places (N,) of points (N, 3) along a Z-shaped curve that fills their box."""
    low, extent = points.min(0), max(float(np.ptp(points, axis=0).max()), 1e-30)
    cells = ((points - low) / extent * ((1 << _MORTON_BITS) - 1)).astype(np.int64)
    codes = np.zeros(len(points), np.int64)
    for bit in range(_MORTON_BITS):
        for axis in range(3):
            codes |= (cells[:, axis] >> bit & 1) << (3 * bit + axis)
    return codes


def _cutting(points: Floats, faces: Ints, normals: Floats, pairs: Ints) -> Ints:
    """Those of the pairs (K, 2) of faces, with their normals of any length, that cut each other."""
    pairs = pairs[_meet_planes(points, faces, normals, pairs)]
    pairs = pairs[_meet_planes(points, faces, normals, pairs[:, ::-1])]
    one, other = faces[pairs[:, 0]], faces[pairs[:, 1]]
    neighbours = (one[:, :, None] == other[:, None, :]).any(2).sum(1) > 1
    pairs, one, other = pairs[~neighbours], one[~neighbours], other[~neighbours]
    cut = np.zeros(len(pairs), bool)
    for plane, edges in ((one, other), (other, one)):
        for corner in range(3):
            start, end = edges[:, corner], edges[:, (corner + 1) % 3]
            # An edge that ends in a corner of the face can only touch it there.
            free = ~((plane == start[:, None]) | (plane == end[:, None])).any(1) & ~cut
            cut[free] = _pierces(points[start[free]], points[end[free]], points[plane[free]])
    return pairs[cut]


def _meet_planes(points: Floats, faces: Ints, normals: Floats, pairs: Ints) -> NDArray[np.bool_]:
    """Whether the second face of pairs (K, 2) may reach through the plane of the first.

    Not if all its corners, but for a common one, are on one side or in the plane. This is quick,
    and few are left.
    """
    plane, corners = faces[pairs[:, 0]], faces[pairs[:, 1]]
    a, normal = points[plane[:, 0]], normals[pairs[:, 0]]
    low, high = np.full(len(pairs), np.inf), np.full(len(pairs), -np.inf)
    for corner in corners.T:
        height = ((points[corner] - a) * normal).sum(1)
        own = ~(plane == corner[:, None]).any(1)
        low, high = (
            np.where(own, pick(bound, height), bound)
            for pick, bound in ((np.minimum, low), (np.maximum, high))
        )
    beside = (low < -_ROUNDING) | (high > _ROUNDING)
    return beside & (low < _ROUNDING) & (high > -_ROUNDING)


def _pierces(start: Floats, end: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether segments (N, 3) to (N, 3) go through triangles (N, 3, 3)."""
    a, b, c = (corners[:, k] - start for k in range(3))
    along = end - start
    normal = np.cross(b - a, c - a)
    behind, ahead = -(a * normal).sum(1), ((along - a) * normal).sum(1)
    # Volumes that the segment's line spans with each side: one sign if it passes within.
    sides = np.stack([(along * np.cross(p, q)).sum(1) for p, q in ((a, b), (b, c), (c, a))])
    within = (sides >= 0).all(0) | (sides <= 0).all(0)
    return within & ((behind < 0) != (ahead < 0)) & (behind != 0) & (ahead != 0)
