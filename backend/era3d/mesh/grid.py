# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lattice of points in the world, and the narrow band of it that surrounds a surface."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Lattice points origin + pitch * (i, j, k).

    Attributes
    ----------
    origin : (3,) float32
        World position of point (0, 0, 0).
    pitch : float
        World units between neighbours.
    shape : tuple of 3 int
        Points along x, y and z.
    """

    origin: Tensor
    pitch: float
    shape: tuple[int, int, int]

    def keys(self, cells: Tensor) -> Tensor:
        """One number (...) for each lattice point (..., 3) int64."""
        return (cells[..., 0] * self.shape[1] + cells[..., 1]) * self.shape[2] + cells[..., 2]

    def cells(self, keys: Tensor) -> Tensor:
        """Lattice points (N, 3) of their numbers (N,)."""
        rest = keys // self.shape[2]
        return torch.stack([rest // self.shape[1], rest % self.shape[1], keys % self.shape[2]], -1)

    def every(self) -> Tensor:
        """Numbers (N,) of all lattice points."""
        return torch.arange(math.prod(self.shape), device=self.origin.device)

    def holds(self, cells: Tensor) -> Tensor:
        """Whether points (..., 3) are in the lattice."""
        limit = torch.tensor(self.shape, device=cells.device)
        return ((cells >= 0) & (cells < limit)).all(-1)

    def positions(self, cells: Tensor) -> Tensor:
        """World positions (..., 3) float32 of lattice points (..., 3)."""
        return self.origin + self.pitch * cells


class Band:
    """Lattice points near a surface, and who neighbours whom.

    Attributes
    ----------
    grid : Grid
    keys : (N,) int64
        The points' numbers, ascending; none on the lattice's border.
    neighbour : (6, N) int32
        Index of the neighbour at +x, -x, +y, -y, +z, -z; N where the band has none.
    """

    def __init__(self, grid: Grid, keys: Tensor) -> None:
        """Make the band of the given sorted keys (N,) of distinct lattice points."""
        self.grid = grid
        self.keys = keys
        nx, ny, nz = grid.shape
        self._index = torch.full((nx * ny * nz,), len(keys), dtype=torch.int32, device=keys.device)
        self._index[keys] = torch.arange(len(keys), dtype=torch.int32, device=keys.device)
        steps = [sign * stride for stride in (ny * nz, nz, 1) for sign in (1, -1)]
        self.neighbour = torch.stack([self._index.index_select(0, keys + step) for step in steps])

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def cells(self) -> Tensor:
        """Lattice points (N, 3) int64."""
        return self.grid.cells(self.keys)

    @cached_property
    def positions(self) -> Tensor:
        """World positions (N, 3) float32."""
        return self.grid.positions(self.cells)

    def lookup(self, cells: Tensor) -> Tensor:
        """Index (...) of lattice points (..., 3) in the band; N where they are not in it."""
        # What is not in the lattice is taken for its border, of which nothing is in the band.
        last = torch.tensor(self.grid.shape, device=cells.device) - 1
        keys = self.grid.keys(cells.clamp(min=0).minimum(last))
        return self._index.index_select(0, keys.view(-1)).view(keys.shape).long()

    def nearest(self, points: Tensor) -> Tensor:
        """Index (M,) of the band point nearest to world points (M, 3); N where it is no nearer
        than half a voxel along each axis.
        """
        return self.lookup(((points - self.grid.origin) / self.grid.pitch).round().long())

    def around(self, values: Tensor, missing: float) -> Tensor:
        """Values (N,) at the six neighbours, (6, N); `missing` where there is none."""
        padded = torch.cat([values, values.new_tensor([missing])])
        # Several times as fast as padded[self.neighbour].
        return padded.index_select(0, self.neighbour.view(-1)).view(6, -1)

    def interpolate(self, values: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Trilinear value (M,) at world points (M, 3), and whether all eight corners are known."""
        place = (points - self.grid.origin) / self.grid.pitch
        base = place.floor()
        fraction, base = place - base, base.long()
        padded = torch.cat([values, values.new_zeros(1)])
        total = torch.zeros(len(points), device=points.device)
        known = torch.ones(len(points), dtype=torch.bool, device=points.device)
        for corner in range(8):
            step = torch.tensor([corner >> 2 & 1, corner >> 1 & 1, corner & 1], device=base.device)
            index = self.lookup(base + step)
            known &= index < len(self)
            share = torch.where(step.bool(), fraction, 1 - fraction).prod(-1)
            total += padded.index_select(0, index) * share
        return total, known


def dilate(grid: Grid, keys: Tensor, rings: int) -> Tensor:
    """Sorted keys of the given lattice points and all within `rings` steps of them.

    The lattice's border is left out, so that every point has six neighbours in the lattice.
    """
    volume = torch.zeros(grid.shape, dtype=torch.bool, device=keys.device)
    volume.view(-1)[keys] = True
    for _ in range(rings):
        grown = volume.clone()
        for axis in range(3):
            count = grid.shape[axis] - 1
            low, high = volume.narrow(axis, 0, count), volume.narrow(axis, 1, count)
            grown.narrow(axis, 0, count).logical_or_(high)
            grown.narrow(axis, 1, count).logical_or_(low)
        volume = grown
    return inner_keys(volume)


def inner_keys(chosen: Tensor) -> Tensor:
    """Sorted keys (N,) of the lattice points that a volume (nx, ny, nz) of bool chooses."""
    kept = torch.zeros_like(chosen)
    kept[1:-1, 1:-1, 1:-1] = chosen[1:-1, 1:-1, 1:-1]
    return kept.view(-1).nonzero()[:, 0]
