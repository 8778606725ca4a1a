# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake the colours of six views into one texture."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from era3d.errors import InputError
from era3d.mesh import TriangleMesh
from era3d.progress import Progress, ignore
from era3d.raster import rasterize
from era3d.texture.atlas import Atlas
from era3d.texture.fill import fill_over_surface
from era3d.texture.normals import vertex_normals
from era3d.texture.settings import TextureSettings
from era3d.texture.sources import Source, make_sources
from era3d.texture.textured_mesh import TexturedMesh
from era3d.texture.unwrap import unwrap
from era3d.views import Views

_POINTS_AT_ONCE = 1 << 18
_ROWS_AT_ONCE = 1024
_LEAST_DETAIL = 512
# A point seen this well or better takes its colour from the views alone.
_SURE = 0.1


def bake(
    mesh: TriangleMesh,
    views: Views,
    settings: TextureSettings = TextureSettings(),  # noqa: B008 - frozen
    progress: Progress = ignore,
) -> TexturedMesh:
    """Unwrap a mesh and paint it with what six views see of it.

    Parameters
    ----------
    mesh : TriangleMesh
        World frame, closed or nearly so, faces outward.
    views : Views
    settings : TextureSettings
    progress : Progress

    Returns
    -------
    TexturedMesh

    Raises
    ------
    InputError
        If the mesh has no faces.
    """
    if not len(mesh.faces):
        raise InputError("The mesh has no faces to paint; check the silhouettes of the views.")
    steps = 3 + -(-settings.size // _ROWS_AT_ONCE)
    atlas = unwrap(mesh, settings.size, settings.unwrap_seconds)
    progress(1, steps)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    # Views with more detail than the texture can hold would only alias.
    sources = make_sources(mesh.vertices, mesh.faces, views, max(settings.size, _LEAST_DETAIL))
    progress(2, steps)
    points, directions = torch.from_numpy(mesh.vertices), torch.from_numpy(normals)
    color, confidence = blend(sources, points, directions, directions)
    filled = torch.from_numpy(fill_over_surface(mesh, color.numpy(), confidence.numpy()))
    attributes = torch.cat([points, directions, filled], 1)[torch.from_numpy(mesh.faces).long()]
    image = np.zeros((settings.size, settings.size, 3), np.uint8)
    covered = np.zeros((settings.size, settings.size), bool)
    for band, top in enumerate(range(0, settings.size, _ROWS_AT_ONCE)):
        rows = slice(top, min(top + _ROWS_AT_ONCE, settings.size))
        image[rows], covered[rows] = _paint_rows(sources, atlas, attributes, rows, settings.size)
        progress(3 + band, steps)
    image = spread_outside(image, covered)
    progress(steps, steps)
    vertex = atlas.vertex
    return TexturedMesh(mesh.vertices[vertex], normals[vertex], atlas.uv, atlas.faces, image)


def blend(
    sources: Sequence[Source], points: Tensor, normals: Tensor, flat_normals: Tensor
) -> tuple[Tensor, Tensor]:
    """Colours (N, 3) of surface points from all views, and how well they are known (N,), 0..1."""
    total = torch.zeros(len(points), 3)
    weights = torch.full((len(points), 1), 1e-12)
    best = torch.zeros(len(points))
    for source in sources:
        seen, color, weight, confidence = source.look_up(points, normals, flat_normals)
        total[seen] += color * weight[:, None]
        weights[seen] += weight[:, None]
        best[seen] = torch.maximum(best[seen], confidence)
    return total / weights, (best / _SURE).clamp(max=1)


def _paint_rows(
    sources: Sequence[Source], atlas: Atlas, attributes: Tensor, rows: slice, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Some rows of the texture (R, T, 3), and which of their texels lie in a face (R, T)."""
    height = rows.stop - rows.start
    corners = np.zeros((len(atlas.faces), 3, 3), np.float32)
    corners[..., :2] = atlas.uv[atlas.faces] * size - np.array([0, rows.start], np.float32)
    fragments = rasterize(torch.from_numpy(corners), height, size)
    a, b, c = attributes[..., :3].unbind(1)
    flat_normals = normalize(torch.linalg.cross(b - a, c - a), dim=1)
    face, barycentric = fragments.face.view(-1), fragments.barycentric.view(-1, 3)
    covered = (face >= 0).nonzero()[:, 0]
    image = torch.zeros(height * size, 3, dtype=torch.uint8)
    for texel in covered.split(_POINTS_AT_ONCE):
        values = (attributes[face[texel]] * barycentric[texel, :, None]).sum(1)
        normals = normalize(values[:, 3:6], dim=1)
        color, confidence = blend(sources, values[:, :3], normals, flat_normals[face[texel]])
        color = torch.lerp(values[:, 6:], color, confidence[:, None])
        image[texel] = (color * 255).round().to(torch.uint8)
    mask = (face >= 0).view(height, size)
    return image.view(height, size, 3).numpy(), mask.numpy()


def spread_outside(image: NDArray[np.uint8], covered: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Give each texel outside all charts the colour of the nearest covered one.

    So neither interpolation nor smaller versions of the texture mix a background into charts.
    """
    if covered.all() or not covered.any():
        return image
    _, label = cv2.distanceTransformWithLabels(
        (~covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros((label.max() + 1, 3), np.uint8)
    nearest[label[covered]] = image[covered]
    return nearest[label]
