# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a level set starts: its box and lattice, the hull's surface, or a coarser field."""

import torch
from torch import Tensor

from era3d.errors import InputError
from era3d.mesh.distance import redistance
from era3d.mesh.grid import Band, Grid, dilate, inner_keys
from era3d.mesh.hull import hull_distance, hull_volume
from era3d.mesh.observations import Observations

_PROBE = 64
_MARGIN = 6


def object_box(obs: Observations) -> tuple[Tensor, Tensor]:
    """Corners (3,), (3,) of the box around the visual hull, world units."""
    pitch = 1.0 / _PROBE
    device = obs.axes.device
    grid = Grid(torch.full((3,), -0.5 + pitch / 2, device=device), pitch, (_PROBE,) * 3)
    inside = grid.positions((hull_volume(grid, obs) < 0.87).nonzero())
    if not len(inside):
        raise InputError("The silhouettes of the views have no object in common.")
    return inside.amin(0) - pitch / 2, inside.amax(0) + pitch / 2


def make_grid(box: tuple[Tensor, Tensor], cells: int) -> Grid:
    """The lattice with so many voxels on the box's longest side, and a margin around it."""
    low, high = box
    pitch = float((high - low).max()) / cells
    shape = ((high - low) / pitch).ceil().long() + 1 + 2 * _MARGIN
    return Grid(low - _MARGIN * pitch, pitch, tuple(shape.tolist()))


def start_from_hull(grid: Grid, obs: Observations) -> tuple[Band, Tensor]:
    """Band and distance of the visual hull's surface."""
    distance = hull_volume(grid, obs)
    keys = inner_keys(distance.abs() < 2.0)
    return redistance(Band(grid, keys), distance.view(-1)[keys])


def refine(band: Band, phi: Tensor, grid: Grid, obs: Observations) -> tuple[Band, Tensor]:
    """Carry a field to a finer lattice."""
    ratio = band.grid.pitch / grid.pitch
    close = phi.abs() < 1.5
    cells = ((band.positions[close] - grid.origin) / grid.pitch).round().long()
    keys = dilate(grid, grid.keys(cells[grid.holds(cells)]).unique(), 2)
    points = grid.positions(grid.cells(keys))
    value, known = band.interpolate(phi, points)
    fine = Band(grid, keys[known])
    value = torch.maximum(ratio * value[known], hull_distance(fine.positions, obs) / grid.pitch)
    return redistance(fine, value)
