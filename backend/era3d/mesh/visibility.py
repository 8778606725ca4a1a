# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which band points each view sees: depth buffers splatted from the zero crossings."""

from dataclasses import dataclass

import torch
from torch import Tensor

from era3d.mesh.grid import Band
from era3d.mesh.observations import Observations
from era3d.mesh.vectors import unit

_GRAZING = 0.1


@dataclass(frozen=True)
class DepthBuffers:
    """Depth of the surface in each view.

    Attributes
    ----------
    depth : (V, P, P) float32
        World units behind the plane through the origin; infinite where there is no surface.
    """

    depth: Tensor

    def look_up(self, right: Tensor, up: Tensor) -> Tensor:
        """Depth (V, N) at the pixels of camera coordinates (V, N)."""
        views, size, _ = self.depth.shape
        column = ((right + 0.5) * size).long().clamp(0, size - 1)
        row = ((0.5 - up) * size).long().clamp(0, size - 1)
        view = torch.arange(views, device=right.device)[:, None]
        pixel = (view * size + row) * size + column
        return self.depth.view(-1).index_select(0, pixel.view(-1)).view(pixel.shape)


def zero_crossings(band: Band, phi: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """Points (M, 3) where lattice edges pierce the surface, world units, and normals (M, 3)."""
    points, normals = [], []
    inside = torch.cat([phi < 0, torch.zeros(1, dtype=torch.bool, device=phi.device)])
    for axis in range(3):
        ahead = band.neighbour[2 * axis]
        crossed = (inside[:-1] != inside.index_select(0, ahead)) & (ahead < len(band))
        first = crossed.nonzero()[:, 0]
        second = ahead[first]
        share = (phi[first] / (phi[first] - phi[second])).unsqueeze(1)
        points.append(torch.lerp(band.positions[first], band.positions[second], share))
        normals.append(torch.lerp(slope[first], slope[second], share))
    return torch.cat(points), unit(torch.cat(normals))


def render_depth(points: Tensor, normals: Tensor, pitch: float, obs: Observations) -> DepthBuffers:
    """Splat surface points into every view.

    Each point is a small piece of its tangent plane that covers the four nearest pixel centres
    of an image whose pixels are as large as the lattice's pitch, so no gaps remain.
    """
    size = int(1.0 / pitch) + 1
    right, up, back = obs.project(points)
    facing_right, facing_up, facing = obs.project(normals)
    x, y = (right + 0.5) * size, (0.5 - up) * size
    steep = facing.clamp(min=_GRAZING) * size
    view = torch.arange(len(obs.axes), device=points.device)[:, None].expand_as(x)
    depth = torch.full((len(obs.axes) * size * size,), torch.inf, device=points.device)
    for corner in range(4):
        column = (x - 0.5).floor() + (corner & 1)
        row = (y - 0.5).floor() + (corner >> 1)
        along_x, along_y = column + 0.5 - x, row + 0.5 - y
        value = -back + (facing_right * along_x - facing_up * along_y) / steep
        drawn = (facing > 0) & (column >= 0) & (column < size) & (row >= 0) & (row < size)
        pixel = (view * size + row.long()) * size + column.long()
        depth.scatter_reduce_(0, pixel[drawn], value[drawn], "amin")
    return DepthBuffers(depth.view(-1, size, size))
