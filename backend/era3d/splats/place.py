# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaussians on a surface: flat along its normal, in its colours, more of them where it has detail.

Points spread over the surface are gathered into as many clusters as Gaussians are wanted, near each
other in place, direction and colour alike; each Gaussian has its cluster's mean and spread.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from era3d.splats.cloud import Gaussians, harmonics_of
from era3d.splats.surface import SurfacePoints

POINTS_A_GAUSSIAN = 8
"""How many points of the surface each Gaussian is made of, about."""
_ROUNDS = 4
# What counts as far as one spacing between Gaussians: a turn of the normal, a step of colour.
_TURN, _STEP = 0.35, 0.12
_SPREAD = 2.2  # a cluster ends where the next begins, a Gaussian fades over both
_FLATNESS = 0.05
_OPACITY = 0.99
_MOST_DETAIL = 8.0


def place(points: SurfacePoints, area: float, count: int, rng: np.random.Generator) -> Gaussians:
    """Place Gaussians.

    Parameters
    ----------
    points : SurfacePoints
        Some `POINTS_A_GAUSSIAN` for each.
    area : float
        Of the surface, in square units.
    count : int
        Gaussians; fewer if there are fewer points.
    rng : numpy.random.Generator

    Returns
    -------
    Gaussians
        The third axis of each is its normal.
    """
    count = min(count, len(points.positions))
    spacing = np.sqrt(area / count)
    space = np.concatenate(
        [points.positions / spacing, points.normals / _TURN, points.colors / _STEP], axis=1
    )
    owner = _cluster(space, _seeds(points, spacing, count, rng))
    return _gaussians(points, owner, spacing)


def _seeds(
    points: SurfacePoints, spacing: float, count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Points to begin with, (count,): denser where colours or normals change."""
    _, near = cKDTree(points.positions).query(points.positions, POINTS_A_GAUSSIAN, workers=-1)
    turn = points.normals[near].std(axis=1).sum(axis=1) / _TURN
    step = points.colors[near].std(axis=1).sum(axis=1) / _STEP
    density = 1 + np.minimum(turn + step, _MOST_DETAIL)
    keys = rng.random(len(density)) ** (1 / density)  # Efraimidis and Spirakis, 2006
    return np.argpartition(-keys, count - 1)[:count]


def _cluster(space: NDArray[np.float32], seeds: NDArray[np.intp]) -> NDArray[np.intp]:
    """Cluster (n,) of each point by Lloyd's method; clusters without points are closed up."""
    centres = space[seeds]
    owner = np.zeros(len(space), np.intp)
    for _ in range(_ROUNDS):
        _, owner = cKDTree(centres).query(space, workers=-1)
        _, owner = np.unique(owner, return_inverse=True)
        centres = _means(space, owner)
    return owner


def _means(values: NDArray[np.floating], owner: NDArray[np.intp]) -> NDArray[np.floating]:
    count = np.bincount(owner)
    ones = np.ones(len(owner), values.dtype)
    gather = csr_array((ones, (owner, np.arange(len(owner)))), shape=(len(count), len(owner)))
    return np.asarray(gather @ values / count[:, None].astype(values.dtype))


def _gaussians(points: SurfacePoints, owner: NDArray[np.intp], spacing: float) -> Gaussians:
    means, normals = _means(points.positions, owner), _means(points.normals, owner)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    offset = points.positions - means[owner]
    covariance = _means((offset[:, :, None] * offset[:, None]).reshape(-1, 9), owner)
    across = np.eye(3) - normals[:, :, None] * normals[:, None]
    flat = across @ covariance.reshape(-1, 3, 3) @ across
    # The normal gets the smallest eigenvalue whatever the points say: eigenvalues ascend.
    spread, axes = np.linalg.eigh(flat - normals[:, :, None] * normals[:, None])
    rotation = np.stack([axes[..., 2], axes[..., 1], normals], axis=2)
    rotation[..., 1] *= np.sign(np.linalg.det(rotation))[:, None]
    deviation = _SPREAD * np.sqrt(spread[:, [2, 1]].clip(min=0))
    deviation = deviation.clip(0.3 * spacing, 1.5 * spacing)
    thin = np.full((len(means), 1), _FLATNESS * spacing)
    return Gaussians(
        means.astype(np.float32),
        _quaternions(rotation),
        np.log(np.concatenate([deviation, thin], axis=1)).astype(np.float32),
        np.full(len(means), np.log(_OPACITY / (1 - _OPACITY)), np.float32),
        harmonics_of(_means(points.colors, owner)),
    )


def _quaternions(matrices: NDArray[np.floating]) -> NDArray[np.float32]:
    """w, x, y, z (n, 4) of rotation matrices (n, 3, 3)."""
    from scipy.spatial.transform import Rotation

    return np.roll(Rotation.from_matrix(matrices).as_quat(), 1, axis=1).astype(np.float32)
