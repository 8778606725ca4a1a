# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed distance in a band, rebuilt from where a field changes sign."""

import torch
from torch import Tensor

from era3d.mesh.grid import Band, dilate
from era3d.mesh.vectors import length

BAND_RINGS = 4
_FAR = 1e3


def gradient(band: Band, phi: Tensor) -> Tensor:
    """Central differences (N, 3) of a field (N,), one-sided at the band's edge; per voxel."""
    return _slope(phi, band.around(phi, torch.nan))


def _slope(phi: Tensor, around: Tensor) -> Tensor:
    ahead, behind = around[0::2] - phi, phi - around[1::2]
    slope = torch.where(
        ahead.isnan(), behind, torch.where(behind.isnan(), ahead, (ahead + behind) / 2)
    )
    return slope.nan_to_num_(0.0).T


def redistance(band: Band, phi: Tensor) -> tuple[Band, Tensor]:
    """Turn a field into a signed distance in the band around its zero set.

    Points next to a change of sign keep the distance that their own slope tells; from there the
    eikonal equation is solved outwards, every point at once, once per ring.

    Parameters
    ----------
    band : Band
    phi : (N,) float32
        Voxels, negative inside; right near its zeros only.

    Returns
    -------
    band : Band
        `BAND_RINGS` steps around the zero set.
    phi : (M,) float32
        Voxels.
    """
    around = band.around(phi, torch.nan)
    # Nothing is less than 0 or at least 0 if it is unknown.
    crossing = torch.where(phi < 0, (around >= 0).any(0), (around < 0).any(0))
    near = phi[crossing] / length(_slope(phi, around)[crossing]).clamp_(min=0.3)
    keys = band.keys[crossing]
    wide = Band(band.grid, dilate(band.grid, keys, BAND_RINGS))
    place = torch.searchsorted(wide.keys, keys)
    distance = torch.full((len(wide),), _FAR, device=phi.device)
    distance[place] = near.clamp(-1.0, 1.0)
    ring = place
    for _ in range(BAND_RINGS):
        reached = torch.zeros(len(wide) + 1, dtype=torch.bool, device=phi.device)
        reached[wide.neighbour.index_select(1, ring).view(-1)] = True
        following = (reached[:-1] & (distance == _FAR)).nonzero()[:, 0]
        neighbour = wide.neighbour.index_select(1, following)
        # Points of one ring lean on each other, too, so each ring is solved twice.
        for _ in range(2):
            distance[following] = _eikonal(distance, following, neighbour)
        ring = following
    return wide, distance


def _eikonal(distance: Tensor, points: Tensor, neighbour: Tensor) -> Tensor:
    """Signed distance at some points (K,) for which the upwind slope to their neighbours (6, K) is
    one.
    """
    padded = torch.cat([distance, distance.new_tensor([_FAR])])
    around = padded.index_select(0, neighbour.view(-1)).view(6, -1)
    inside = torch.where(around < _FAR, around.sign(), 0.0).sum(0) < 0
    around = around.abs_()
    x, y, z = torch.minimum(around[0::2], around[1::2])
    low, high = torch.minimum(x, y), torch.maximum(x, y)
    a, b, c = (
        torch.minimum(low, z),
        torch.maximum(low, torch.minimum(high, z)),
        torch.maximum(high, z),
    )
    one = a + 1.0
    two = (a + b + (2.0 - (a - b) ** 2).clamp_(min=0.0).sqrt_()) / 2.0
    total, squares = a + b + c, a * a + b * b + c * c
    three = (total + (total * total - 3.0 * (squares - 1.0)).clamp_(min=0.0).sqrt_()) / 3.0
    solved = torch.where(one <= b, one, torch.where(two <= c, two, three))
    solved = torch.minimum(distance[points].abs(), solved)
    return torch.where(inside, -solved, solved)
