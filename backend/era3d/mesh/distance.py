# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed distance in a band, rebuilt from where a field changes sign."""

import torch
from torch import Tensor

from era3d.mesh.grid import Band, dilate

BAND_RINGS = 4
_FAR = 1e3


def gradient(band: Band, phi: Tensor) -> Tensor:
    """Central differences (N, 3) of a field (N,), one-sided at the band's edge; per voxel."""
    around = band.around(phi, torch.nan).view(3, 2, -1)
    ahead, behind = around[:, 0] - phi, phi - around[:, 1]
    slope = torch.where(
        ahead.isnan(), behind, torch.where(behind.isnan(), ahead, (ahead + behind) / 2)
    )
    return slope.nan_to_num(0.0).T


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
    around = band.around(phi, torch.nan).nan_to_num(0.0)
    present = band.neighbour < len(band)
    crossing = (present & ((around < 0) != (phi < 0))).any(0)
    near = phi[crossing] / gradient(band, phi)[crossing].norm(dim=1).clamp(min=0.3)
    keys = band.grid.keys(band.cells[crossing])
    wide = Band(band.grid, dilate(band.grid, keys, BAND_RINGS))
    place = wide.lookup(band.cells[crossing])
    magnitude = torch.full((len(wide),), _FAR, device=phi.device)
    sign = torch.zeros(len(wide), device=phi.device)
    magnitude[place] = near.abs().clamp(max=1.0)
    sign[place] = torch.where(near < 0, -1.0, 1.0)
    fixed = sign != 0
    for _ in range(BAND_RINGS + 2):
        magnitude = torch.where(fixed, magnitude, _eikonal(wide, magnitude))
        sign = torch.where(sign != 0, sign, wide.around(sign, 0.0).sum(0).sign())
    return wide, sign * magnitude


def _eikonal(band: Band, distance: Tensor) -> Tensor:
    """Distance at each point for which the upwind slope to its neighbours is one."""
    a, b, c = band.around(distance, _FAR).view(3, 2, -1).amin(1).sort(0).values
    one = a + 1.0
    two = (a + b + (2.0 - (a - b) ** 2).clamp(min=0.0).sqrt()) / 2.0
    total, squares = a + b + c, a * a + b * b + c * c
    three = (total + (total * total - 3.0 * (squares - 1.0)).clamp(min=0.0).sqrt()) / 3.0
    solved = torch.where(one <= b, one, torch.where(two <= c, two, three))
    return torch.minimum(distance, solved)
