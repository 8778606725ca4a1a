# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a mesh shows what the views show, without knowing the truth."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from era3d.mesh.observations import Observations
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.vectors import unit
from era3d.raster import rasterize

_SIZE = 128
_NOT_COVERED = 90.0


@dataclass(frozen=True)
class Check:
    """What a mesh shows of the views.

    Attributes
    ----------
    normal_error : float
        Mean angle in degrees between the mesh's normals and the views'. Pixels that only one of
        the two covers count as 90 degrees.
    uncovered : float
        Share of the views' silhouettes that the mesh does not cover.
    """

    normal_error: float
    uncovered: float


def check(mesh: TriangleMesh, obs: Observations) -> Check:
    """Compare a mesh with the views."""
    normal, covered, _ = render(mesh, obs, _SIZE)
    maps = functional.interpolate(obs.normal, (_SIZE, _SIZE), mode="area")
    shown = maps[:, 3] > 0.5
    cosine = (normal * unit(maps[:, :3])).sum(1).clamp(-1.0, 1.0)
    angle = torch.where(covered & shown, torch.rad2deg(torch.arccos(cosine)), _NOT_COVERED)
    return Check(
        normal_error=float(angle[covered | shown].mean()),
        uncovered=float((shown & ~covered).sum() / shown.sum()),
    )


def render(mesh: TriangleMesh, obs: Observations, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a mesh in every view.

    Returns
    -------
    normal : (V, 3, size, size) float32
        Unit world normals, smooth; zero where nothing is.
    covered : (V, size, size) bool
    depth : (V, size, size) float32
        World units behind the plane through the origin; zero where nothing is.
    """
    points = torch.from_numpy(mesh.vertices).to(obs.axes.device)
    faces = torch.from_numpy(mesh.faces).to(obs.axes.device).long()
    smooth = torch.from_numpy(vertex_normals(mesh)).to(obs.axes.device)[faces]
    right, up, back = obs.project(points)
    normals, covers, depths = [], [], []
    for view in range(len(obs.axes)):
        pixel = torch.stack([(right[view] + 0.5) * size, (0.5 - up[view]) * size, -back[view]], 1)
        drawn = rasterize(pixel[faces], size, size)
        covered = drawn.face >= 0
        normal = functional.normalize(drawn.interpolate(smooth), dim=-1) * covered[..., None]
        normals.append(normal.permute(2, 0, 1))
        covers.append(covered)
        depths.append(drawn.interpolate(-back[view][faces][..., None])[..., 0] * covered)
    return torch.stack(normals), torch.stack(covers), torch.stack(depths)


def vertex_normals(mesh: TriangleMesh) -> NDArray[np.float32]:
    """Unit normals (n, 3) of the vertices, faces weighted by area."""
    corners = mesh.vertices[mesh.faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.stack(
        [
            np.bincount(mesh.faces.ravel(), np.repeat(area[:, k], 3), len(mesh.vertices))
            for k in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.maximum(length, 1e-30)).astype(np.float32)
