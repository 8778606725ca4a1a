# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual hull as a mesh: what the silhouettes alone tell, in less than a second."""

import math

import torch
from torch import Tensor

from era3d.mesh.decimate import decimate
from era3d.mesh.extract import surface_of
from era3d.mesh.grid import Grid
from era3d.mesh.observations import Observations, observe
from era3d.mesh.settings import MeshSettings
from era3d.mesh.start import make_grid, object_box
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.trust import loosen
from era3d.progress import Progress
from era3d.views import Views

_SIZE = 256
_MOST_CELLS = 128


def visual_hull(views: Views, settings: MeshSettings, progress: Progress) -> TriangleMesh:
    """Mesh the visual hull of six views; see `era3d.mesh.fuse`.

    At most `_MOST_CELLS` cells are used, whatever the settings ask.
    """
    obs = loosen(observe(views, settings.view_weights, _SIZE))
    progress(1, 3)
    low, high = object_box(obs)
    # Nothing is known between the pixels, so no cell is finer than one.
    pixels = math.ceil(float((high - low).max()) * views.size)
    grid = make_grid((low, high), min(settings.cells, _MOST_CELLS, pixels))
    mesh = surface_of(hull_volume(grid, obs).numpy(), grid)
    progress(2, 3)
    if 0 < settings.target_faces < len(mesh.faces):
        mesh = decimate(mesh, settings.target_faces)
    progress(3, 3)
    return mesh


def hull_volume(grid: Grid, obs: Observations) -> Tensor:
    """`era3d.mesh.hull.hull_distance`, in voxels, at every point of a lattice (nx, ny, nz).

    All cameras stand upright, so a layer of the lattice is one row of each view, and its columns
    are the same in all layers: the rows are looked up first, then the columns.
    """
    nx, ny, nz = grid.shape
    size = obs.distance.shape[-1]
    x, y, z = (grid.origin[k] + grid.pitch * torch.arange(grid.shape[k]) for k in range(3))
    rows = _along(obs.distance.transpose(1, 2), (0.5 - z) * size)
    volume = torch.full((nx * ny, nz), -torch.inf)
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
