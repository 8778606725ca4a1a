# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six views to one closed mesh: a level set that starts at the visual hull and follows normals."""

import math

import torch
from torch import Tensor

from era3d.errors import InputError
from era3d.mesh.carve import start_from_depths
from era3d.mesh.decimate import decimate
from era3d.mesh.distance import gradient, redistance
from era3d.mesh.evidence import gather_evidence
from era3d.mesh.extract import extract
from era3d.mesh.grid import Band, Grid, dilate
from era3d.mesh.hull import hull_distance
from era3d.mesh.observations import Observations, observe
from era3d.mesh.pins import find_anchors, find_rims, join
from era3d.mesh.settings import MeshSettings
from era3d.mesh.solve import solve
from era3d.mesh.stereo import DepthMaps, match
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.progress import Progress, ignore
from era3d.views import Views

# Voxels on the longest side as a share of the finest grid, and outer steps there.
_STEREO = True
_BEHIND = 0.05
_STEREO_LEVELS = ((112 / 176, 4), (1.0, 3))
_LEVELS = ((64 / 176, 8), (112 / 176, 4), (1.0, 3))
_PROBE = 64
_MARGIN = 6
_LONGEST_MOVE = 1.5
_DEFAULTS = MeshSettings()


def fuse(
    views: Views, settings: MeshSettings = _DEFAULTS, progress: Progress = ignore
) -> TriangleMesh:
    """Make the mesh that six views show.

    Parameters
    ----------
    views : Views
        The alpha of the normal maps is the silhouette. Up to three may be empty.
    settings : MeshSettings
    progress : Progress
        Called after each outer step and after the last one.

    Returns
    -------
    TriangleMesh
        World frame; watertight, 2-manifold, faces outward.

    Raises
    ------
    InputError
        If too few views show something, or nothing fits all silhouettes.
    """
    obs = observe(views)
    box = object_box(obs)
    levels = _STEREO_LEVELS if _STEREO else _LEVELS
    steps = sum(count for _, count in levels) + 2
    done = 0
    # Nothing is known between the pixels, so no voxel is finer than one.
    cells = min(settings.cells, math.ceil(float((box[1] - box[0]).max()) * views.size))
    grids = [make_grid(box, round(share * cells)) for share, _ in levels]
    maps = None
    if _STEREO:
        maps = match(obs, float(torch.stack(box)[:, :2].abs().amax(0).norm()))
        band, phi = start_from_depths(maps, grids[0], obs, _BEHIND)
    else:
        band, phi = start_from_hull(grids[0], obs)
    for grid, (_, count) in zip(grids, levels, strict=True):
        if grid is not band.grid:
            band, phi = refine(band, phi, grid, obs)
        for _ in range(count):
            band, phi = advance(band, phi, obs, maps)
            done += 1
            progress(done, steps)
    mesh = extract(band, phi)
    progress(steps - 1, steps)
    mesh = decimate(mesh, settings.target_faces or len(mesh.faces))
    progress(steps, steps)
    return mesh


def object_box(obs: Observations) -> tuple[Tensor, Tensor]:
    """Corners (3,), (3,) of the box around the visual hull, world units."""
    pitch = 1.0 / _PROBE
    grid = Grid(torch.full((3,), -0.5 + pitch / 2), pitch, (_PROBE,) * 3)
    cells = grid.cells(torch.arange(_PROBE**3))
    points = grid.positions(cells)
    inside = points[hull_distance(points, obs) < 0.87 * pitch]
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
    every = torch.arange(grid.shape[0] * grid.shape[1] * grid.shape[2])
    distance = hull_distance(grid.positions(grid.cells(every)), obs) / grid.pitch
    near = distance.abs() < 2.0
    return redistance(Band(grid, every[near]), distance[near])


def refine(band: Band, phi: Tensor, grid: Grid, obs: Observations) -> tuple[Band, Tensor]:
    """Carry a field to a finer lattice."""
    ratio = band.grid.pitch / grid.pitch
    close = phi.abs() < 1.5
    cells = ((band.positions[close] - grid.origin) / grid.pitch).round().long()
    keys = dilate(grid, grid.keys(cells).unique(), 2)
    points = grid.positions(grid.cells(keys))
    value, known = band.interpolate(phi, points)
    fine = Band(grid, keys[known])
    value = torch.maximum(ratio * value[known], hull_distance(fine.positions, obs) / grid.pitch)
    return redistance(fine, value)


def advance(
    band: Band, phi: Tensor, obs: Observations, maps: DepthMaps | None
) -> tuple[Band, Tensor]:
    """One outer step: ask the views, solve, move, rebuild the distance."""
    slope = gradient(band, phi)
    evidence = gather_evidence(band, phi, slope, obs)
    hull = hull_distance(band.positions, obs) / band.grid.pitch
    pins = find_rims(band, phi, obs)
    if maps is not None:
        pins = join(pins, find_anchors(band, phi, maps))
    moved = solve(band, phi, evidence, hull, pins)
    return redistance(band, phi + (moved - phi).clamp(-_LONGEST_MOVE, _LONGEST_MOVE))
