# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual hull: where every silhouette admits the object."""

import torch
from torch import Tensor

from era3d.mesh.grid import Grid
from era3d.mesh.observations import Observations, sample

# Fine lattices have millions, and each takes a hundred times the memory of its distance.
_POINTS_AT_ONCE = 1 << 18


def hull_distance(points: Tensor, observations: Observations) -> Tensor:
    """The largest silhouette distance over the views; positive outside the hull.

    Parameters
    ----------
    points : (N, 3) float32
        World frame.

    Returns
    -------
    (N,) float32
        World units. A bound of the distance to the hull from below, exact near smooth rims.
    """
    outline = outline_distances(points, observations)
    return (outline - observations.tolerance[:, None]).amax(0)


def outline_distances(points: Tensor, observations: Observations) -> Tensor:
    """Signed distance (V, N), world units, of points' projections to each view's silhouette."""
    distances = []
    for part in points.split(_POINTS_AT_ONCE):
        right, up, _ = observations.project(part)
        seen = sample(observations.distance.unsqueeze(1), right, up)[:, 0]
        # Beyond the images there is nothing, whatever their border pixels hold.
        distances.append(torch.maximum(seen, torch.maximum(right.abs(), up.abs()) - 0.5))
    return torch.cat(distances, 1)


def hull_volume(grid: Grid, obs: Observations) -> Tensor:
    """`hull_distance`, in voxels, at every point of a lattice (nx, ny, nz).

    All cameras stand upright, so a layer of the lattice is one row of each view, and its columns
    are the same in all layers: the rows are looked up first, then the columns.
    """
    nx, ny, nz = grid.shape
    size = obs.distance.shape[-1]
    device = grid.origin.device
    x, y, z = (
        grid.origin[k] + grid.pitch * torch.arange(grid.shape[k], device=device) for k in range(3)
    )
    rows = _along(obs.distance.transpose(1, 2), (0.5 - z) * size)
    volume = torch.full((nx * ny, nz), -torch.inf, device=device)
    for view, axes in enumerate(obs.axes):
        right = (x[:, None] * axes[0, 0] + y[None, :] * axes[0, 1]).view(-1)
        outline = _along(rows[view].T.unsqueeze(0), (right + 0.5) * size)[0].T
        beyond = (right.abs() - 0.5)[:, None]
        volume = torch.maximum(volume, torch.maximum(outline - obs.tolerance[view], beyond))
    volume = torch.maximum(volume, z.abs() - 0.5)
    return (volume / grid.pitch).view(grid.shape)


def _along(values: Tensor, place: Tensor) -> Tensor:
    """Values (..., S) at places (N,), pixels; linear between the centres, which are at + 0.5."""
    last = values.shape[-1] - 1
    place = (place - 0.5).clamp(0, last)
    first = place.floor().clamp(max=last - 1)
    near, far = values[..., first.long()], values[..., first.long() + 1]
    return torch.lerp(near, far, place - first)
