# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a distance field in a band to a closed triangle mesh."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from era3d.mesh.grid import Band, Grid
from era3d.mesh.triangle_mesh import TriangleMesh

_SPECK = 0.01
_LEAST = 1e-3
_FAR = 5.0
# Layers of the lattice filled at once: the whole would take several times its memory.
_SLAB = 16


def extract(band: Band, phi: Tensor) -> TriangleMesh:
    """Marching cubes on the band's field; only pieces worth keeping; faces outward."""
    return surface_of(_dense(band, phi), band.grid)


def surface_of(volume: NDArray[np.float32], grid: Grid) -> TriangleMesh:
    """Marching cubes on a field (nx, ny, nz) in voxels, negative inside, on all of a lattice.

    Only pieces worth keeping; faces outward; closed where the lattice ends.
    """
    from skimage.measure import marching_cubes

    volume = np.pad(volume, 1, constant_values=_FAR)
    # A value of exactly zero would make triangles without area.
    close = np.abs(volume) < _LEAST
    volume[close] = np.where(volume[close] < 0, -_LEAST, _LEAST)
    vertices, faces, _, _ = marching_cubes(volume, 0.0, gradient_direction="ascent")
    origin = grid.origin.cpu().numpy()
    points = (origin + grid.pitch * (vertices - 1.0)).astype(np.float32)
    mesh = drop_specks(TriangleMesh(points, faces.astype(np.int32)))
    if mesh.signed_volume() < 0.0:
        mesh = TriangleMesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))
    return mesh


def _dense(band: Band, phi: Tensor) -> NDArray[np.float32]:
    """The field on the whole grid; what is unknown takes the sign of the last known point before it
    along z.
    """
    volume = torch.full(band.grid.shape, torch.nan, device="cpu")
    volume.view(-1)[band.keys.cpu()] = phi.cpu()
    along = torch.arange(band.grid.shape[2], device=volume.device)
    for slab in volume.split(_SLAB):
        known = ~slab.isnan()
        last = torch.where(known, along, -1).cummax(2).values
        inside = (last >= 0) & (slab.gather(2, last.clamp(min=0)) < 0)
        slab[~known] = torch.where(inside, -_FAR, _FAR)[~known]
    return volume.numpy()


def drop_specks(mesh: TriangleMesh) -> TriangleMesh:
    """Keep the pieces that have at least a hundredth of the largest piece's area.

    Hollows, which are closed in themselves and so turned the other way, go whatever their size: no
    view can have shown one.
    """
    count = len(mesh.vertices)
    ends = mesh.faces[:, [0, 1, 2]].ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), (count, count))
    pieces, of_vertex = connected_components(graph, directed=False)
    if pieces == 1:
        return mesh
    corners = mesh.vertices[mesh.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    of_face = of_vertex[mesh.faces[:, 0]]
    area = np.bincount(of_face, np.linalg.norm(across, axis=1), pieces)
    volume = np.bincount(of_face, (across * corners[:, 0]).sum(1), pieces)
    solid = np.sign(volume) == np.sign(volume[area.argmax()])
    faces = mesh.faces[(solid & (area >= _SPECK * area.max()))[of_face]]
    used, renumbered = np.unique(faces, return_inverse=True)
    return TriangleMesh(mesh.vertices[used], renumbered.reshape(-1, 3).astype(np.int32))
