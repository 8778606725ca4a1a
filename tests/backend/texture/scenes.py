# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small meshes, their six exact views, and a renderer of textured meshes to compare with."""

from collections.abc import Callable

import numpy as np
import torch

from era3d.cameras import AZIMUTH_DEGREES, normals_to_maps
from era3d.mesh import TriangleMesh
from era3d.raster import rasterize
from era3d.texture import TexturedMesh
from era3d.texture.normals import vertex_normals
from era3d.views import Views

# The eight corners of a cube count their bits: x, y, z. Two outward triangles a side.
_SIDES = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]]


def box(half=(0.3, 0.3, 0.3), centre=(0, 0, 0), cuts: int = 3) -> TriangleMesh:
    """A closed box; each cut quarters its triangles."""
    corners = (np.array([[i & 1, i >> 1 & 1, i >> 2] for i in range(8)]) * 2 - 1) * half + centre
    faces = np.array([t for a, b, c, d in _SIDES for t in ((a, b, c), (a, c, d))])
    return quartered(TriangleMesh(corners.astype(np.float32), faces.astype(np.int32)), cuts)


def sphere(radius: float = 0.35, cuts: int = 5) -> TriangleMesh:
    mesh = box(cuts=cuts)
    length = np.linalg.norm(mesh.vertices, axis=1, keepdims=True)
    return TriangleMesh((mesh.vertices / length * radius).astype(np.float32), mesh.faces)


def quartered(mesh: TriangleMesh, times: int) -> TriangleMesh:
    for _ in range(times):
        f = mesh.faces
        edges = np.sort(np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]]), axis=1)
        ends, index = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = len(mesh.vertices) + index.reshape(3, -1)
        a, b, c = f.T
        faces = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
        middles = mesh.vertices[ends].mean(1)
        mesh = TriangleMesh(
            np.concatenate([mesh.vertices, middles]),
            np.concatenate([np.stack(t, 1) for t in faces]).astype(np.int32),
        )
    return mesh


def together(*meshes: TriangleMesh) -> TriangleMesh:
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    faces = [m.faces + start for m, start in zip(meshes, starts, strict=False)]
    return TriangleMesh(
        np.concatenate([m.vertices for m in meshes]), np.concatenate(faces).astype(np.int32)
    )


def views_of(mesh: TriangleMesh, color_at: Callable, size: int = 256, turned: float = 0.0) -> Views:
    """Six views, white around, of a mesh that has ``color_at(points (N, 3))``, sRGB in 0..1.

    All cameras may be turned round the object by some degrees.
    """
    normals = vertex_normals(mesh.vertices, mesh.faces)
    values = np.concatenate([mesh.vertices, normals], 1)[mesh.faces]
    color = np.full((6, size, size, 4), 255, np.uint8)
    normal = np.full((6, size, size, 4), 255, np.uint8)
    for index, azimuth in enumerate(AZIMUTH_DEGREES.values()):
        fragments = rasterize(
            _in_image(mesh.vertices, mesh.faces, azimuth + turned, size), size, size
        )
        seen = (fragments.face >= 0).numpy()
        at = fragments.interpolate(torch.from_numpy(values)).numpy()[seen]
        color[index, seen, :3] = np.round(color_at(at[:, :3].astype(np.float64)) * 255)
        normal[index, seen, :3] = np.round((normals_to_maps(at[:, 3:]) + 1) * 127.5)
        color[index, ~seen, 3] = normal[index, ~seen, 3] = 0
    return Views(color, normal)


def look(textured: TexturedMesh, azimuth: float, size: int = 256) -> np.ndarray:
    """Render a textured mesh (size, size, 4) uint8 from an azimuth in degrees, bilinearly."""
    image = textured.image.astype(np.float32)
    triangles = _in_image(textured.vertices, textured.faces, azimuth, size)
    fragments = rasterize(triangles, size, size)
    uv = fragments.interpolate(torch.from_numpy(textured.uv[textured.faces])).numpy()
    at = (uv * len(image) - 0.5).clip(0, len(image) - 1.001)
    column, row = np.moveaxis(at.astype(int), -1, 0)
    across, down = np.moveaxis((at % 1)[..., None], 2, 0)
    upper = image[row, column] * (1 - across) + image[row, column + 1] * across
    lower = image[row + 1, column] * (1 - across) + image[row + 1, column + 1] * across
    alpha = (fragments.face >= 0).numpy()[..., None] * 255
    color = np.where(alpha > 0, upper * (1 - down) + lower * down, 255)
    return np.concatenate([np.round(color), alpha], -1).astype(np.uint8)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Of colours, where both pictures (S, S, 4) are opaque, in dB."""
    both = (one[..., 3] == 255) & (other[..., 3] == 255)
    difference = (one[both][:, :3].astype(np.float64) - other[both][:, :3]) / 255
    return float(-10 * np.log10(max((difference**2).mean(), 1e-10)))


def _in_image(vertices, faces, azimuth, size) -> torch.Tensor:
    a = np.radians(azimuth)
    axes = np.array([[np.cos(a), np.sin(a), 0], [0, 0, 1], [np.sin(a), -np.cos(a), 0]])
    right, up, back = axes @ vertices.T
    seen = np.stack([(0.5 + right) * size, (0.5 - up) * size, -back], 1).astype(np.float32)
    return torch.from_numpy(seen[faces])
