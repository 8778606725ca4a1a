# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a painted mesh and the six views it came from to Gaussian splats."""

import numpy as np
import torch

from era3d.progress import Progress, ignore
from era3d.splats.cloud import Gaussians
from era3d.splats.fit import FitSettings, fit
from era3d.splats.place import POINTS_A_GAUSSIAN, place
from era3d.splats.surface import surface_points, triangle_areas
from era3d.splats.targets import targets_of_mesh, targets_of_views
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh
from era3d.views import Views

SIZE = 512
"""Pixels of the pictures that the splats are fitted to.

Every Gaussian is drawn half a pixel wider than it is, so what is fitted to small pictures is soft.
"""
_STEPS = 264  # each of the six views and sixteen drawings twelve times
# Of the surface, were it seen flat. Time goes by pixels, hardly by how many Gaussians fill them.
_PIXELS_A_GAUSSIAN = 5.0
_MOST = 100_000
_DRAWINGS, _WEIGHT = 16, 0.5  # of the mesh; a view counts one


def splats_of(
    mesh: TexturedMesh | ColoredMesh,
    views: Views,
    seed: int = 0,
    progress: Progress = ignore,
    device: str = "cpu",
    count: int | None = None,
    size: int = SIZE,
) -> Gaussians:
    """Place Gaussians on a mesh, and fit them to the views and, with less weight, to the mesh.

    Drawings of the mesh from all round hold what the views do not show, and what is seen between
    them.

    Parameters
    ----------
    mesh : TexturedMesh or ColoredMesh
        World frame.
    views : Views
    seed : int
        Of where the Gaussians begin and of the order of the views.
    progress : Progress
    device : str
        PyTorch's name.
    count : int, optional
        Gaussians, about; by default as many as the surface is large.
    size : int
        Pixels of the pictures that are fitted; the views are not enlarged.
    """
    scale = min(1.0, size / views.size)
    area = float(triangle_areas(mesh).sum())
    if count is None:
        count = round(min(area * (scale * views.size) ** 2 / _PIXELS_A_GAUSSIAN, _MOST))
    rng = np.random.default_rng(seed)
    points = surface_points(mesh, POINTS_A_GAUSSIAN * count, rng)
    start = place(points, area, max(count, 1), rng)
    targets = [target.resized(scale) for target in targets_of_views(views)]
    targets += targets_of_mesh(mesh, targets[0].lens.width, _DRAWINGS, _WEIGHT)
    return fit(start, targets, FitSettings(steps=_STEPS, seed=seed), progress, torch.device(device))
