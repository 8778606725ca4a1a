# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Isotropic remeshing: triangles of one size, nearly equilateral, on the same surface."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.spatial import KDTree

from era3d.mesh.decimate import decimate
from era3d.mesh.intersections import find_intersections, move_without_cuts, untangle
from era3d.mesh.triangle_mesh import TriangleMesh

_ROUNDS = 6
_COLLAPSE_PASSES = 15
_ATTEMPTS = 3
_KNOT_RADIUS = 2.0
_FLIP_PASSES = 3
_TOO_LONG, _TOO_SHORT = 4 / 3, 4 / 5
_VALENCE = 6
_EQUILATERAL = math.sqrt(3.0) / 4.0
_CREASE = math.cos(math.radians(35.0))
_LEAST_TURN = 0.3
_SLIDE = 0.5
_NEAREST = 12

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def remesh(mesh: TriangleMesh, edge_length: float) -> TriangleMesh:
    """Make all edges about equally long.

    In rounds: long edges are split, short ones collapsed, edges flipped so that six meet at a
    vertex, vertices moved along the surface towards the middle of their neighbours and put back
    onto the surface that was given [1]_.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and 2-manifold.
    edge_length : float
        World units.

    Returns
    -------
    TriangleMesh
        Closed and 2-manifold.

    References
    ----------
    .. [1] M. Botsch, L. Kobbelt, "A remeshing approach to multiresolution modeling", Symposium on
       Geometry Processing, 2004.
    """
    surface = Surface(mesh.vertices.astype(np.float64), mesh.faces.astype(np.int64), edge_length)
    # Most of what has to go, goes faster at once.
    mesh = decimate(mesh, min(len(mesh.faces), faces_for(mesh, edge_length)))
    points, faces = mesh.vertices.astype(np.float64), mesh.faces.astype(np.int64)
    knots = np.zeros((0, 3))
    for _ in range(_ROUNDS):
        points, faces = _split(points, faces, _TOO_LONG * edge_length)
        for _ in range(_ATTEMPTS):
            mesh = _reconnect(points, faces, edge_length, knots)
            cuts = find_intersections(mesh)
            if not len(cuts):
                break
            # Tunnels too narrow for such edges, for instance: try again without collapses there.
            knots = np.vstack([knots, mesh.vertices[mesh.faces[cuts.ravel()]].mean(1)])
        points, faces = mesh.vertices.astype(np.float64), mesh.faces.astype(np.int64)
        moved = surface.closest(*_slide(points, faces))
        mesh = move_without_cuts(mesh, moved.astype(np.float32))
        points = mesh.vertices.astype(np.float64)
    return untangle(mesh)


def _reconnect(points: Floats, faces: Ints, edge_length: float, knots: Floats) -> TriangleMesh:
    """Collapse short edges, except near knots (k, 3), and flip others."""
    points, faces = _collapse(points, faces, edge_length, knots)
    for _ in range(_FLIP_PASSES):
        faces = _flip(points, faces)
    return TriangleMesh(points.astype(np.float32), faces.astype(np.int32))


def edge_length_for(mesh: TriangleMesh, faces: int) -> float:
    """The edge length at which `faces` equilateral triangles have the area of a mesh."""
    return math.sqrt(_area(mesh) / (_EQUILATERAL * faces))


def faces_for(mesh: TriangleMesh, edge_length: float) -> int:
    """The number of equilateral triangles that have the area of a mesh."""
    return round(_area(mesh) / (_EQUILATERAL * edge_length**2))


def _area(mesh: TriangleMesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()) / 2.0


class Surface:
    """A surface that points can be put onto."""

    def __init__(self, points: Floats, faces: Ints, edge_length: float) -> None:
        """Take triangles; large ones are cut up so that their centres tell which are near."""
        while _lengths(points, _Edges(faces).ends).max() > edge_length:
            points, faces = _split(points, faces, edge_length)
        self._corners = points[faces]
        a, b, c = (self._corners[:, k] for k in range(3))
        self._normals = np.cross(b - a, c - a)
        self._tree = KDTree(self._corners.mean(1))

    def closest(self, points: Floats, normals: Floats) -> Floats:
        """The nearest points (n, 3) of the surface that face the same way.

        Of two sheets that lie close together the far one may be nearer, but faces away.
        """
        _, near = self._tree.query(points, k=min(_NEAREST, len(self._corners)))
        found = _closest_on_triangles(points[:, None], self._corners[near])
        distance = ((found - points[:, None]) ** 2).sum(-1)
        away = (self._normals[near] * normals[:, None]).sum(-1) <= 0.0
        distance[away] = np.inf
        best = found[np.arange(len(points)), distance.argmin(1)]
        return np.where(away.all(1)[:, None], points, best)


class _Edges:
    """The edges of a closed 2-manifold mesh.

    Attributes
    ----------
    ends : (e, 2) int64
        The lower vertex first.
    opposite : (e, 2) int64
        The corners across the edge of the face in which it runs from ends[0] to ends[1], and of
        the other one.
    faces : (e, 2) int64
        Those faces.
    of_face : (m, 3) int64
        The edge from each corner of a face to the next.
    """

    def __init__(self, faces: Ints) -> None:
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        across = np.roll(faces, -2, axis=1).ravel()
        forward = start < end
        key = np.minimum(start, end) * (int(faces.max()) + 1) + np.maximum(start, end)
        order = np.lexsort((~forward, key))
        pairs = order.reshape(-1, 2)
        self.ends = np.stack([start[pairs[:, 0]], end[pairs[:, 0]]], 1)
        self.opposite, self.faces = across[pairs], pairs // 3
        of_half = np.empty(len(key), np.int64)
        of_half[pairs] = np.arange(len(pairs))[:, None]
        self.of_face = of_half.reshape(-1, 3)


def _lengths(points: Floats, ends: Ints) -> Floats:
    return np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)


def _split(points: Floats, faces: Ints, longest: float) -> tuple[Floats, Ints]:
    """Halve all edges that are too long, and cut their faces to match."""
    edges = _Edges(faces)
    long = _lengths(points, edges.ends) > longest
    middle = np.full(len(long), -1)
    middle[long] = len(points) + np.arange(long.sum())
    points = np.vstack([points, points[edges.ends[long]].mean(1)])
    split, at = long[edges.of_face], middle[edges.of_face]
    pieces = [faces[~split.any(1)]]
    whole = split.all(1)
    (a, b, c), (ab, bc, ca) = faces[whole].T, at[whole].T
    pieces += [np.stack(each, 1) for each in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    for turn in range(3):
        corner, cut, m = (np.roll(each, -turn, axis=1) for each in (faces, split, at))
        one = (cut == [True, False, False]).all(1)
        (a, b, c), ab = corner[one].T, m[one, 0]
        pieces += [np.stack([a, ab, c], 1), np.stack([ab, b, c], 1)]
        two = (cut == [True, True, False]).all(1)
        (a, b, c), ab, bc = corner[two].T, m[two, 0], m[two, 1]
        pieces += [np.stack(each, 1) for each in ((ab, b, bc), (a, ab, bc), (a, bc, c))]
    return points, np.concatenate(pieces)


def _collapse(
    points: Floats, faces: Ints, edge_length: float, knots: Floats
) -> tuple[Floats, Ints]:
    """Join the ends of short edges, as many at once as do not touch each other."""
    tree = KDTree(knots) if len(knots) else None
    for _ in range(_COLLAPSE_PASSES):
        edges = _Edges(faces)
        length = _lengths(points, edges.ends)
        order = np.argsort(length)
        order = order[length[order] < _TOO_SHORT * edge_length]
        neighbours = _adjacency(edges.ends, len(points))
        order = order[_can_collapse(edges, neighbours, order)]
        ends = edges.ends[order]
        middle = points[ends].mean(1)
        kept = _stays_sound(points, faces, ends, middle, _TOO_LONG * edge_length)
        if tree is not None:
            kept &= tree.query(middle)[0] > _KNOT_RADIUS * edge_length
        ends, middle = ends[kept], middle[kept]
        edge, vertex = _rings(neighbours, ends)
        chosen = _independent(edge, vertex, len(ends), len(points))
        if not chosen.any():
            break
        target = np.arange(len(points))
        target[ends[chosen, 1]] = ends[chosen, 0]
        points = points.copy()
        points[ends[chosen, 0]] = middle[chosen]
        faces = target[faces]
        a, b, c = faces.T
        used, corners = np.unique(faces[(a != b) & (b != c) & (c != a)], return_inverse=True)
        points, faces = points[used], corners.reshape(-1, 3)
    return points, faces


def _adjacency(ends: Ints, count: int) -> csr_array:
    """Which vertices (count, count) are joined."""
    both = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    return coo_array((np.ones(len(both[0]), np.int32), both), (count, count)).tocsr()


def _can_collapse(edges: _Edges, neighbours: csr_array, order: Ints) -> Flags:
    """Whether the mesh stays 2-manifold without each of the edges `order`.

    The ends must share the two corners across and no other neighbour, and those corners must
    keep three neighbours.
    """
    ends = edges.ends[order]
    common = (neighbours[ends[:, 0]] * neighbours[ends[:, 1]]).sum(1)
    valence = np.diff(neighbours.indptr)
    return (common == 2) & (valence[edges.opposite[order]] > 3).all(1)


def _rings(neighbours: csr_array, ends: Ints) -> tuple[Ints, Ints]:
    """For each edge its ends and all their neighbours, as pairs of edge and vertex (k,), (k,)."""
    start = neighbours.indptr[ends]
    count = neighbours.indptr[ends + 1] - start
    edge = np.repeat(np.repeat(np.arange(len(ends)), 2), count.ravel())
    first = np.repeat(start.ravel() - (count.ravel().cumsum() - count.ravel()), count.ravel())
    vertex = neighbours.indices[first + np.arange(len(first))]
    return edge, vertex.astype(np.int64)


def _independent(edge: Ints, vertex: Ints, edges: int, vertices: int) -> Flags:
    """Edges (edges,) none of which shares a vertex with another; earlier ones come first."""
    first = np.full(vertices, edges)
    np.minimum.at(first, vertex, edge)
    won = np.ones(edges, bool)
    won[edge[first[vertex] < edge]] = False
    return won


def _stays_sound(points: Floats, faces: Ints, ends: Ints, middle: Floats, longest: float) -> Flags:
    """Whether joining the ends (e, 2) at `middle` makes no edge too long and turns no face over."""
    sound = np.ones(len(ends), bool)
    corner_of = np.argsort(faces.ravel(), kind="stable")
    begin = np.searchsorted(faces.ravel()[corner_of], np.arange(len(points) + 1))
    for side in (0, 1):
        count = begin[ends[:, side] + 1] - begin[ends[:, side]]
        edge = np.repeat(np.arange(len(ends)), count)
        first = np.repeat(begin[ends[:, side]] - (count.cumsum() - count), count)
        face, corner = np.divmod(corner_of[first + np.arange(len(edge))], 3)
        ahead, behind = faces[face, (corner + 1) % 3], faces[face, (corner + 2) % 3]
        other = ends[edge, 1 - side]
        stays = (ahead != other) & (behind != other)
        edge, a, b = edge[stays], points[ahead[stays]], points[behind[stays]]
        old, new = points[ends[edge, side]], middle[edge]
        before, after = np.cross(a - old, b - old), np.cross(a - new, b - new)
        turn = (before * after).sum(1)
        size = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        sound[edge[turn <= _LEAST_TURN * size]] = False
        sound[edge[np.linalg.norm(a - new, axis=1) > longest]] = False
    return sound


def _flip(points: Floats, faces: Ints) -> Ints:
    """Flip edges where that brings the number of edges at the vertices nearer to six."""
    edges = _Edges(faces)
    quad = np.column_stack([edges.ends, edges.opposite])
    valence = np.bincount(edges.ends.ravel(), minlength=len(points))[quad]
    change = np.array([-1, -1, 1, 1])
    gain = ((valence - _VALENCE) ** 2 - (valence + change - _VALENCE) ** 2).sum(1)
    candidates = np.flatnonzero((gain > 0) & (valence[:, :2] > 3).all(1))
    candidates = candidates[np.argsort(-gain[candidates], kind="stable")]
    candidates = candidates[_may_flip(points, edges, quad[candidates])]
    chosen = quad[candidates]
    won = _independent(
        np.repeat(np.arange(len(chosen)), 4), chosen.ravel(), len(chosen), len(points)
    )
    (a, b, c, d), pair = chosen[won].T, edges.faces[candidates[won]]
    faces = faces.copy()
    faces[pair[:, 0]], faces[pair[:, 1]] = np.stack([a, d, c], 1), np.stack([d, b, c], 1)
    return faces


def _may_flip(points: Floats, edges: _Edges, quad: Ints) -> Flags:
    """Whether edges a-b of the faces a, b, c and b, a, d may become c-d: no crease, no fold."""
    a, b, c, d = (points[quad[:, k]] for k in range(4))
    before = [_unit(np.cross(b - a, c - a)), _unit(np.cross(a - b, d - b))]
    after = [_unit(np.cross(d - a, c - a)), _unit(np.cross(b - d, c - d))]
    flat = (before[0] * before[1]).sum(1) > _CREASE
    for new in after:
        flat &= (new * _unit(before[0] + before[1])).sum(1) > _CREASE
    count = len(points)
    joined = edges.ends[:, 0] * count + edges.ends[:, 1]
    new = quad[:, 2:].min(1) * count + quad[:, 2:].max(1)
    return flat & ~np.isin(new, joined)


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-30)


def _slide(points: Floats, faces: Ints) -> tuple[Floats, Floats]:
    """Move vertices in their tangent planes to the mean of their neighbours; also their normals."""
    normal, mean = np.zeros_like(points), np.zeros_like(points)
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    for axis in range(3):
        normal[:, axis] = np.bincount(start, np.repeat(area[:, axis], 3), len(points))
        mean[:, axis] = np.bincount(start, points[end, axis], len(points))
    step = mean / np.bincount(start, minlength=len(points))[:, None] - points
    normal = _unit(normal)
    return points + _SLIDE * (step - (step * normal).sum(1, keepdims=True) * normal), normal


def _closest_on_triangles(points: Floats, corners: Floats) -> Floats:
    """Nearest points (..., 3) of triangles (..., 3, 3) to points that broadcast against them."""
    a, b, c = (corners[..., k, :] for k in range(3))
    normal = _unit(np.cross(b - a, c - a))
    inside = points - ((points - a) * normal).sum(-1, keepdims=True) * normal
    within = np.ones(inside.shape[:-1], bool)
    best, least = inside, np.full(within.shape, np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        side = end - start
        within &= (np.cross(side, inside - start) * normal).sum(-1) >= 0.0
        length = np.maximum((side * side).sum(-1), 1e-30)
        share = (((points - start) * side).sum(-1) / length).clip(0.0, 1.0)
        on_side = start + share[..., None] * side
        distance = ((on_side - points) ** 2).sum(-1)
        nearer = distance < least
        best, least = np.where(nearer[..., None], on_side, best), np.minimum(distance, least)
    return np.where(within[..., None], inside, best)
