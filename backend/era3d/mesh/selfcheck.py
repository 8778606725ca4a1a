# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a mesh shows what the views show, without knowing the truth."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from era3d.mesh.observations import Observations
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.raster import rasterize

_SIZE = 128
_NOT_COVERED = 90.0


def normal_error(mesh: TriangleMesh, obs: Observations) -> float:
    """Mean angle in degrees between the mesh's normals and the views'.

    Pixels that only one of the two covers count as 90 degrees.
    """
    points = torch.from_numpy(mesh.vertices).to(obs.axes.device)
    faces = torch.from_numpy(mesh.faces).to(obs.axes.device).long()
    smooth = torch.from_numpy(vertex_normals(mesh)).to(obs.axes.device)[faces]
    maps = functional.interpolate(obs.normal, (_SIZE, _SIZE), mode="area")
    right, up, back = obs.project(points)
    angles = []
    for view in range(len(obs.axes)):
        pixel = torch.stack([(right[view] + 0.5) * _SIZE, (0.5 - up[view]) * _SIZE, -back[view]], 1)
        drawn = rasterize(pixel[faces], _SIZE, _SIZE)
        shown = functional.normalize(drawn.interpolate(smooth), dim=-1)
        angles.append(_angles(shown, drawn.face >= 0, maps[view]))
    return float(torch.cat(angles).mean())


def _angles(shown: Tensor, covered: Tensor, seen: Tensor) -> Tensor:
    """Angle in degrees at each pixel that the mesh or the view (4, S, S) covers."""
    visible = seen[3] > 0.5
    wanted = functional.normalize(seen[:3], dim=0).permute(1, 2, 0)
    cosine = (shown * wanted).sum(-1).clamp(-1.0, 1.0)
    angle = torch.where(covered & visible, torch.rad2deg(torch.arccos(cosine)), _NOT_COVERED)
    return angle[covered | visible]


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
