# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut a mesh into charts that are flat seen from a view, from above or from below."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from era3d.cameras import VIEWS, camera_axes
from era3d.mesh import TriangleMesh
from era3d.raster import rasterize
from era3d.texture.packing import area_of, groups_of, shelves

_SMOOTHINGS = 24
_LEAST_FACING = 0.2
_SMALL_CHART = 0.002
_MERGES = 8
_PEELS = 30
# Charts longer than this share of the texture's side, or that fill less of their bounding box,
# pack badly; they are cut where they are narrow, unless they are small.
_LONGEST, _LEAST_FILL, _WORTH_CUTTING = 0.45, 0.7, 0.015
_CUTS, _CUT_STEPS, _CUT_MARGIN = 4, 24, 0.2
# Texels along a square of the charts' area when overlaps are looked for.
_OVERLAP_GRID = 512


@dataclass(frozen=True)
class Charts:
    """Pieces of a mesh, each flattened by projecting it along one direction.

    Attributes
    ----------
    outline : (m, 3, 2) float64
        Corners of each face in the plane of its chart, units; y points down, none mirrored.
    chart : (m,) int64
        Chart of each face, 0..c-1, none empty. Faces of a chart do not overlap.
    """

    outline: NDArray[np.float64]
    chart: NDArray[np.int64]


def cut_into_charts(mesh: TriangleMesh) -> Charts:
    """Cut a mesh where views change or hide, and project each piece.

    Parts steep to their direction shrink in the projection, but so they do in the view's picture.
    """
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1) / 2
    normals /= np.maximum(2 * area, 1e-30)[:, None]
    axes = _directions()
    facing = normals @ axes[:, 2].T
    pairs = neighbours(mesh.faces)
    direction = _choose_directions(normals * area[:, None], axes[:, 2], facing, pairs)
    direction = _merge_small(direction, facing, area, pairs)
    direction = _straighten(direction, direction, facing > _LEAST_FACING, pairs)
    projected = np.einsum("fkj,faj->fka", corners, axes[direction])
    outline = projected[..., :2] * [1, -1]
    same = direction[:, None] == np.arange(len(axes))
    part = _straighten(_cut_unwieldy(outline, direction, pairs), direction, same, pairs)
    chart = _split_overlaps(mesh.faces, outline, projected[..., 2], part, pairs)
    return Charts(outline, chart)


def neighbours(faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Pairs (p, 2) of faces that share an edge."""
    edges = np.sort(np.concatenate([faces[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    face = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort((face, edges[:, 1], edges[:, 0]))
    same = (edges[order[1:]] == edges[order[:-1]]).all(1)
    return np.stack([face[order[:-1]][same], face[order[1:]][same]], 1)


def _directions() -> NDArray[np.float64]:
    """Right, up and back (8, 3, 3) of the six views, from above and from below."""
    above = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    below = [[1, 0, 0], [0, -1, 0], [0, 0, -1]]
    return np.array([*(camera_axes(view) for view in VIEWS), above, below], np.float64)


def _choose_directions(
    normals: NDArray[np.float64],
    backs: NDArray[np.float64],
    facing: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Direction (m,) that each face is seen from, chosen by smoothed normals: borders run calm."""
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    shape = (len(normals), len(normals))
    mixing = csr_array(coo_array((np.full(len(ends), 1 / 3), ends.T), shape=shape))
    smooth = normals
    for _ in range(_SMOOTHINGS):
        smooth = smooth + mixing @ smooth
    score = smooth @ backs.T
    score[facing < _LEAST_FACING] -= 10 * np.abs(score).max()
    return np.where((facing > _LEAST_FACING).any(1), score.argmax(1), facing.argmax(1))


def _pieces(label: NDArray[np.int64], pairs: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Connected pieces of faces of one label: how many, and the piece (m,) of each face."""
    within = pairs[label[pairs[:, 0]] == label[pairs[:, 1]]]
    shape = (len(label), len(label))
    count, piece = connected_components(coo_array((np.ones(len(within)), within.T), shape=shape))
    return count, piece.astype(np.int64)


def _merge_small(
    direction: NDArray[np.int64],
    facing: NDArray[np.float64],
    area: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Give small charts to the neighbour with the longest common border, if it can see them."""
    for _ in range(_MERGES):
        count, chart = _pieces(direction, pairs)
        small = np.bincount(chart, area, count) < _SMALL_CHART * area.sum()
        least = np.full((count, facing.shape[1]), np.inf)
        np.minimum.at(least, chart, facing)
        border = np.concatenate([pairs, pairs[:, ::-1]])
        border = border[direction[border[:, 0]] != direction[border[:, 1]]]
        border = border[small[chart[border[:, 0]]]]
        votes = np.zeros((count, facing.shape[1]))
        np.add.at(votes, (chart[border[:, 0]], direction[border[:, 1]]), 1)
        votes[least < _LEAST_FACING] = 0
        moved = votes.max(1) > 0
        if not moved.any():
            break
        direction = np.where(moved[chart], votes.argmax(1)[chart], direction)
    return direction


def _straighten(
    label: NDArray[np.int64],
    direction: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Labels (m,) whose borders have no teeth: a face goes with two of its three neighbours.

    It does so only where their direction is among those that are allowed (m, d) for it.
    """
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    rank = np.arange(len(ends)) - np.searchsorted(ends[:, 0], ends[:, 0])
    ends, rank = ends[rank < 3], rank[rank < 3]
    beside = np.repeat(np.arange(len(label))[:, None], 3, 1)
    beside[ends[:, 0], rank] = ends[:, 1]
    towards = np.zeros(int(label.max()) + 1, np.int64)
    towards[label] = direction
    face = np.arange(len(label))
    for parity in (0, 1, 0, 1):
        a, b, c = label[beside].T
        majority = np.where((a == b) | (a == c), a, np.where(b == c, b, label))
        moves = (face % 2 == parity) & allowed[face, towards[majority]]
        label = np.where(moves, majority, label)
    return label


def _cut_unwieldy(
    outline: NDArray[np.float64], label: NDArray[np.int64], pairs: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pieces (m,) of labels, long ones and sprawling ones cut across where they are narrow."""
    area = area_of(outline)
    side = np.sqrt(area.sum())
    count, part = _pieces(label, pairs)
    for _ in range(_CUTS):
        cut = part.copy()
        for number, faces in enumerate(groups_of(part)):
            own = area[faces]
            if own.sum() > _WORTH_CUTTING * area.sum():
                cut[faces[_beyond_neck(outline[faces], own, side)]] = count + number
        if (cut == part).all():
            break
        count, part = _pieces(cut, pairs)
    return part


def _beyond_neck(
    outline: NDArray[np.float64], area: NDArray[np.float64], side: float
) -> NDArray[np.bool_]:
    """Faces (n,) on the far side of a chart's narrowest place; none if it packs well as it is."""
    points = outline.reshape(-1, 2)
    _, (width, height), degrees = cv2.minAreaRect((points - points[0]).astype(np.float32))
    longer = max(width, height)
    if longer < _LONGEST * side and area.sum() > _LEAST_FILL * width * height:
        return np.zeros(len(area), bool)
    angle = np.radians(degrees if width > height else degrees + 90)
    along = outline.mean(1) @ [np.cos(angle), np.sin(angle)]
    step = ((along - along.min()) / max(float(np.ptp(along)), 1e-12) * _CUT_STEPS).astype(int)
    step = step.clip(0, _CUT_STEPS - 1)
    profile = np.bincount(step, area, _CUT_STEPS)
    before = np.cumsum(profile)[:-1] / profile.sum()
    # Narrow places near the middle count most.
    off_centre = np.abs(np.linspace(-1, 1, _CUT_STEPS - 1))
    width_there = (profile[:-1] + profile[1:]) * (1 + 0.3 * off_centre)
    width_there[np.minimum(before, 1 - before) < _CUT_MARGIN] = np.inf
    return step > int(np.argmin(width_there)) if np.isfinite(width_there).any() else step < 0


def _split_overlaps(
    faces: NDArray[np.int32],
    outline: NDArray[np.float64],
    nearness: NDArray[np.float64],
    part: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Charts (m,) that do not fold over themselves: what is hidden becomes a chart of its own."""
    layer = np.zeros(len(faces), np.int64)
    near = nearness.mean(1)
    for _ in range(_PEELS):
        _, chart = _pieces(part * (_PEELS + 1) + layer, pairs)
        one, other = _overlapping(outline, chart)
        strangers = ~(faces[one][:, :, None] == faces[other][:, None]).any((1, 2))
        one, other = one[strangers], other[strangers]
        if not len(one):
            break
        layer[np.unique(np.where(near[one] < near[other], one, other))] += 1
    return chart


def _overlapping(
    outline: NDArray[np.float64], chart: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of faces of one chart that cover the same texel.

    All charts are drawn side by side twice, the first face on top and then the last; where the
    pictures differ, at least two faces lie.
    """
    low = np.full((int(chart.max()) + 1, 2), np.inf)
    np.minimum.at(low, chart, outline.min(1))
    local = outline - low[chart][:, None]
    # Thin charts may be much longer than their area tells, or have none.
    side = max(np.sqrt(area_of(outline).sum()), float(local.max()) / 4, 1e-12)
    local *= _OVERLAP_GRID / side
    extents = np.zeros_like(low)
    np.maximum.at(extents, chart, local.max(1))
    corner = shelves(extents, max(1.5 * _OVERLAP_GRID, extents[:, 0].max()), 1.0)
    placed = local + corner[chart][:, None]
    width, height = np.ceil((corner + extents).max(0)).astype(int) + 1
    winners = []
    for sign in (1, -1):
        order = sign * np.arange(len(outline), dtype=np.float32)
        depth = np.broadcast_to(order[:, None, None], (len(outline), 3, 1))
        triangles = torch.from_numpy(np.concatenate([placed, depth], 2).astype(np.float32))
        winners.append(rasterize(triangles, int(height), int(width)).face.numpy())
    differ = winners[0] != winners[1]
    return winners[0][differ], winners[1][differ]
