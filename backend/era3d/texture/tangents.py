# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tangent frames as glTF and MikkTSpace have them, and normals told in them."""

import numpy as np
from numpy.typing import NDArray

from era3d.texture.normals import unit


def vertex_tangents(
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    uv: NDArray[np.float32],
    faces: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Tangents (n, 4) of vertices that are split at the seams of the texture.

    As in MikkTSpace: each face's direction of growing u is laid into the plane of the vertex
    normal, and a vertex takes the mean of its faces', weighted by their angle there. The fourth
    number is 1 where the texture is not mirrored, else -1; the bitangent, which is the direction
    upward in the picture, is that times the cross product of normal and tangent.

    Parameters
    ----------
    vertices, normals : (n, 3) float32
        Unit normals.
    uv : (n, 2) float32
        (0, 0) at the top left, as in glTF.
    faces : (m, 3) int32

    Returns
    -------
    (n, 4) float32
        Unit tangents at right angles to the normals, and the sign.
    """
    corners, flat = vertices.astype(np.float64)[faces], uv.astype(np.float64)[faces]
    edge, step = corners[:, 1:] - corners[:, :1], flat[:, 1:] - flat[:, :1]
    turn = step[:, 0, 0] * step[:, 1, 1] - step[:, 0, 1] * step[:, 1, 0]
    along_u = step[:, 1, 1:] * edge[:, 0] - step[:, 0, 1:] * edge[:, 1]
    along_u *= np.sign(turn)[:, None]
    total, mirrored = np.zeros((len(vertices), 3)), np.zeros(len(vertices))
    for k in range(3):
        normal = normals[faces[:, k]].astype(np.float64)
        tangent = unit(along_u - (along_u * normal).sum(1, keepdims=True) * normal)
        weight = _angle(corners, k, normal)
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, k], weight * tangent[:, axis], len(vertices))
        # v grows downward, so what is not mirrored turns the other way.
        mirrored += np.bincount(faces[:, k], weight * np.sign(turn), len(vertices))
    normal = normals.astype(np.float64)
    total -= (total * normal).sum(1, keepdims=True) * normal
    lost = np.linalg.norm(total, axis=1) < 1e-9
    total[lost] = _any_perpendicular(normal[lost])
    sign = np.where(mirrored > 0, -1.0, 1.0)
    return np.concatenate([unit(total), sign[:, None]], 1).astype(np.float32)


def to_tangent_space(
    directions: NDArray[np.float32], normals: NDArray[np.float32], tangents: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Unit vectors (N, 3) in the frames that a renderer makes of interpolated normals and tangents.

    Parameters
    ----------
    directions : (N, 3) float32
    normals : (N, 3) float32
        Interpolated from the vertices, not made unit length again.
    tangents : (N, 4) float32
        Likewise.

    Returns
    -------
    (N, 3) float32
        Along tangent, bitangent and normal.
    """
    tangent = tangents[:, :3].astype(np.float64)
    normal = normals.astype(np.float64)
    bitangent = np.cross(normal, tangent) * np.sign(tangents[:, 3:])
    # The frame's inverse, up to a positive factor: its rows are crosses of its columns.
    rows = np.stack(
        [np.cross(bitangent, normal), np.cross(normal, tangent), np.cross(tangent, bitangent)], 1
    )
    local = np.einsum("nrc,nc->nr", rows, directions) * np.sign(tangents[:, 3:])
    return unit(local).astype(np.float32)


def _angle(
    corners: NDArray[np.float64], k: int, normal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Angles (m,) at corner k of faces laid into the plane of its normal."""
    sides = [corners[:, (k + turn) % 3] - corners[:, k] for turn in (1, 2)]
    one, other = (unit(s - (s * normal).sum(1, keepdims=True) * normal) for s in sides)
    return np.arccos((one * other).sum(1).clip(-1, 1))


def _any_perpendicular(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    helper = np.where(np.abs(normal[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    return np.cross(normal, helper)
