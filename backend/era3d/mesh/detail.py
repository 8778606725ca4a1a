# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detail finer than the lattice: vertices move until faces show the normals that the views show."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import cg
from torch import Tensor

from era3d.mesh.intersections import move_without_cuts
from era3d.mesh.observations import Observations, sample
from era3d.mesh.selfcheck import vertex_normals
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.vectors import unit
from era3d.raster import rasterize

_ROUNDS = 2
# Bumps longer than about 2 pi / sqrt(_KEEP) edges stay where the level set put them, and rims,
# which it fits to the silhouettes, stay altogether.
_KEEP = 0.1
_KEEP_RIM = 2.0
_RIM_PIXELS = 2.0
_STIFF = 0.05
_LONGEST_MOVE = 0.5
_SOLVER_STEPS = 60
_LEAST_COSINE = 0.2
_LEAST_ALPHA = 0.9
_ODD_ANGLE = np.radians(30.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FaceNormals:
    """What the views show of each of m faces.

    Attributes
    ----------
    normal : (m, 3) float32
        Unit, world frame; arbitrary where the weight is 0.
    weight : (m,) float32
        How sure that is, 0 to 1.
    """

    normal: Floats
    weight: Floats


def add_detail(mesh: TriangleMesh, obs: Observations) -> TriangleMesh:
    """Move vertices along their normals so that the faces' normals fit the views.

    Each round solves one sparse linear system for the displacements: edges of a face should be at
    right angles to the normal that the views show there, no vertex should go far, and neighbours
    should go together where no view tells. Positions so keep their coarse shape and take the fine
    one from the normals [1]_.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and 2-manifold.
    obs : Observations

    Returns
    -------
    TriangleMesh
        The same faces. Where moving would have made the mesh cut itself, it has not moved.

    References
    ----------
    .. [1] D. Nehab, S. Rusinkiewicz, J. Davis, R. Ramamoorthi, "Efficiently combining positions
       and normals for precise 3D geometry", ACM Transactions on Graphics 24(3), 2005.
    """
    refined = mesh
    for _ in range(_ROUNDS):
        seen = look_at_faces(refined, obs)
        directions = vertex_normals(refined)
        keep = np.where(_on_outline(refined, obs), _KEEP_RIM, _KEEP)
        moves = _displacements(refined, directions, seen, keep)
        moved = refined.vertices + moves[:, None] * directions
        refined = TriangleMesh(moved.astype(np.float32), mesh.faces)
    return move_without_cuts(mesh, refined.vertices)


def look_at_faces(mesh: TriangleMesh, obs: Observations) -> FaceNormals:
    """Blend the normals of the views that see each face's centre."""
    centre = torch.from_numpy(mesh.vertices[mesh.faces].mean(1)).to(obs.axes.device)
    own = unit(torch.from_numpy(_area_normals(mesh)).to(obs.axes.device))
    right, up, _ = obs.project(centre)
    pictured = sample(obs.normal, right, up)
    normal = unit(pictured[:, :3])
    towards = torch.einsum("vcn,vc->vn", normal, obs.axes[:, 2])
    fits = torch.einsum("vcn,nc->vn", normal, own).clamp(-1.0, 1.0).arccos()
    # A normal far from the face's own belongs to something else, most likely.
    weight = towards.clamp(min=0.0) ** 2 * torch.exp(-((fits / _ODD_ANGLE) ** 2))
    usable = (pictured[:, 3] > _LEAST_ALPHA) & (towards > _LEAST_COSINE) & _visible(mesh, obs)
    weight = torch.where(usable, weight, 0.0)
    blend = (weight[:, None] * normal).sum(0)
    length, total = blend.norm(dim=0), weight.sum(0)
    sure = (2.0 * total).clamp(max=1.0) * (length / total.clamp(min=1e-6)) ** 2
    return FaceNormals((blend / length.clamp(min=1e-6)).T.cpu().numpy(), sure.cpu().numpy())


def _visible(mesh: TriangleMesh, obs: Observations) -> Tensor:
    """Whether any pixel of each view shows each face (V, m)."""
    size = obs.normal.shape[-1]
    faces = torch.from_numpy(mesh.faces).to(obs.axes.device).long()
    right, up, back = obs.project(torch.from_numpy(mesh.vertices).to(obs.axes.device))
    seen = torch.zeros(len(obs.axes), len(faces), dtype=torch.bool, device=faces.device)
    for view in range(len(obs.axes)):
        pixel = torch.stack([(right[view] + 0.5) * size, (0.5 - up[view]) * size, -back[view]], 1)
        shown = rasterize(pixel[faces], size, size).face
        seen[view, shown[shown >= 0]] = True
    return seen


def _on_outline(mesh: TriangleMesh, obs: Observations) -> NDArray[np.bool_]:
    """Which vertices (n,) make an outline: faces in front and behind meet there."""
    right, up, _ = obs.project(torch.from_numpy(mesh.vertices).to(obs.axes.device))
    outline = sample(obs.distance.unsqueeze(1), right, up)[:, 0].cpu().numpy()
    facing = obs.axes[:, 2].cpu().numpy() @ _area_normals(mesh).T
    found = np.zeros(len(mesh.vertices), bool)
    for view in range(len(facing)):
        front, behind = np.zeros((2, len(mesh.vertices)), bool)
        front[mesh.faces[facing[view] > 0.0]] = True
        behind[mesh.faces[facing[view] <= 0.0]] = True
        found |= front & behind & (np.abs(outline[view]) < _RIM_PIXELS / obs.normal.shape[-1])
    return found


def _displacements(
    mesh: TriangleMesh, directions: Floats, seen: FaceNormals, keep: NDArray[np.float64]
) -> Floats:
    """How far each vertex (n,) should move along its direction (n, 3), world units."""
    start, end = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    step = mesh.vertices[end] - mesh.vertices[start]
    length = float(np.linalg.norm(step, axis=1).mean())
    normal, share = np.repeat(seen.normal, 3, axis=0), np.sqrt(np.repeat(seen.weight, 3))
    # Each row: how far the edge of a face is from lying in the plane that the views show.
    slopes = _rows(
        mesh,
        -share * (directions[start] * normal).sum(1),
        share * (directions[end] * normal).sum(1),
    )
    missing = -share * (step * normal).sum(1)
    stiff = np.full(len(start), np.sqrt(_STIFF))
    bends = _rows(mesh, -stiff, stiff)
    matrix = slopes.T @ slopes + bends.T @ bends + diags_array(keep)
    scaled = diags_array(1.0 / matrix.diagonal())
    moves, _ = cg(matrix, slopes.T @ missing, rtol=1e-4, maxiter=_SOLVER_STEPS, M=scaled)
    return moves.clip(-_LONGEST_MOVE * length, _LONGEST_MOVE * length).astype(np.float32)


def _rows(mesh: TriangleMesh, at_start: NDArray, at_end: NDArray) -> csr_array:
    """A row of the matrix (3m, n) for each edge of each face, with its two entries."""
    rows = np.arange(mesh.faces.size)
    columns = np.r_[mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()]
    values = np.r_[at_start, at_end].astype(np.float64)
    shape = (mesh.faces.size, len(mesh.vertices))
    return coo_array((values, (np.r_[rows, rows], columns)), shape).tocsr()


def _area_normals(mesh: TriangleMesh) -> Floats:
    """Normals (m, 3) of the faces, as long as twice their areas."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)
