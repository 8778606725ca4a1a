# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An atlas whose charts are projections into the views, from above and from below."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from era3d.cameras import VIEWS, camera_axes
from era3d.mesh import TriangleMesh
from era3d.raster import rasterize
from era3d.texture.atlas import Atlas
from era3d.texture.packing import pack

# Texels to pack on: finer is slower and hardly tighter.
_SMALLEST_GRID, _LARGEST_GRID = 256, 1024
_PADDING = 4
_SMOOTHINGS = 24
_LEAST_FACING = 0.2
_SMALL_CHART = 0.002
_MERGES = 8
_PEELS = 30


def projective_atlas(mesh: TriangleMesh, size: int) -> Atlas:
    """Cut a mesh where views change or hide, and flatten each chart by projecting it.

    Parameters
    ----------
    mesh : TriangleMesh
    size : int
        Width and height of the texture in texels.

    Returns
    -------
    Atlas
        Parts steep to their view have fewer texels, but so has the view fewer pixels there.
    """
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1) / 2
    normals /= np.maximum(2 * area, 1e-30)[:, None]
    axes = _directions()
    facing = normals @ axes[:, 2].T
    pairs = _neighbours(mesh.faces)
    direction = _choose_directions(normals, area, axes[:, 2], facing, pairs)
    direction = _merge_small(direction, facing, area, pairs)
    projected = np.einsum("fkj,faj->fka", corners, axes[direction])
    flat = projected[..., :2] * [1, -1]
    grid = min(max(size, _SMALLEST_GRID), _LARGEST_GRID)
    chart = _split_overlaps(mesh.faces, flat, projected[..., 2], direction, pairs, grid)
    texels = pack(flat, chart, grid, _PADDING)
    key = (chart[:, None].astype(np.int64) * len(mesh.vertices) + mesh.faces).reshape(-1)
    _, first, faces = np.unique(key, return_index=True, return_inverse=True)
    return Atlas(
        mesh.faces.reshape(-1)[first].astype(np.int32),
        (texels.reshape(-1, 2)[first] / grid).astype(np.float32),
        faces.reshape(-1, 3).astype(np.int32),
    )


def _directions() -> NDArray[np.float64]:
    """Right, up and back (8, 3, 3) of the six views, from above and from below."""
    above = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    below = [[1, 0, 0], [0, -1, 0], [0, 0, -1]]
    return np.array([*(camera_axes(view) for view in VIEWS), above, below], np.float64)


def _neighbours(faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Pairs (p, 2) of faces that share an edge."""
    edges = np.sort(np.concatenate([faces[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    face = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort((face, edges[:, 1], edges[:, 0]))
    same = (edges[order[1:]] == edges[order[:-1]]).all(1)
    return np.stack([face[order[:-1]][same], face[order[1:]][same]], 1)


def _choose_directions(
    normals: NDArray[np.float64],
    area: NDArray[np.float64],
    backs: NDArray[np.float64],
    facing: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Direction (m,) that each face is seen from, chosen by smoothed normals: borders run calm."""
    mixing = _adjacency(pairs, len(normals))
    smooth = normals * area[:, None]
    for _ in range(_SMOOTHINGS):
        smooth = smooth + mixing @ smooth
    score = smooth @ backs.T
    score[facing < _LEAST_FACING] -= 10 * np.abs(score).max()
    return np.where((facing > _LEAST_FACING).any(1), score.argmax(1), facing.argmax(1))


def _adjacency(pairs: NDArray[np.int64], count: int) -> csr_array:
    """Symmetric matrix (m, m): a third where two faces share an edge."""
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    return csr_array(coo_array((np.full(len(ends), 1 / 3), ends.T), shape=(count, count)))


def _charts(group: NDArray[np.int64], pairs: NDArray[np.int64]) -> tuple[int, NDArray[np.int32]]:
    """Connected pieces of faces of one group: how many, and the piece (m,) of each face."""
    within = pairs[group[pairs[:, 0]] == group[pairs[:, 1]]]
    shape = (len(group), len(group))
    count, chart = connected_components(coo_array((np.ones(len(within)), within.T), shape=shape))
    return count, chart


def _merge_small(
    direction: NDArray[np.int64],
    facing: NDArray[np.float64],
    area: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Give small charts to the neighbour with the longest common border, if it can see them."""
    for _ in range(_MERGES):
        count, chart = _charts(direction, pairs)
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


def _split_overlaps(
    faces: NDArray[np.int32],
    flat: NDArray[np.float64],
    nearness: NDArray[np.float64],
    direction: NDArray[np.int64],
    pairs: NDArray[np.int64],
    size: int,
) -> NDArray[np.int32]:
    """Charts (m,) that do not fold over themselves: what is hidden becomes a chart of its own."""
    layer = np.zeros(len(faces), np.int64)
    near = nearness.mean(1)
    for _ in range(_PEELS):
        _, chart = _charts(direction * (_PEELS + 1) + layer, pairs)
        one, other = _overlapping(flat, chart, size)
        strangers = ~(faces[one][:, :, None] == faces[other][:, None]).any((1, 2))
        one, other = one[strangers], other[strangers]
        if not len(one):
            break
        layer[np.unique(np.where(near[one] < near[other], one, other))] += 1
    return chart


def _overlapping(
    flat: NDArray[np.float64], chart: NDArray[np.int32], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of faces of one chart that cover the same texel.

    All charts are drawn side by side twice, the first face on top and then the last; where the
    pictures differ, at least two faces lie.
    """
    placed = pack(flat, chart, size, _PADDING)
    winners = []
    for sign in (1, -1):
        order = sign * np.arange(len(flat), dtype=np.float32)
        depth = np.broadcast_to(order[:, None, None], (len(flat), 3, 1))
        triangles = torch.from_numpy(np.concatenate([placed, depth], 2).astype(np.float32))
        winners.append(rasterize(triangles, size, size).face.numpy())
    differ = winners[0] != winners[1]
    return winners[0][differ], winners[1][differ]
