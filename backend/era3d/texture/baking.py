# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paint a mesh with the colours of six views: into a texture, or at its vertices."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from era3d.errors import InputError
from era3d.mesh import TriangleMesh
from era3d.mesh.parallel import both
from era3d.progress import Progress, ignore
from era3d.raster import rasterize
from era3d.texture.alignment import align
from era3d.texture.atlas import Atlas
from era3d.texture.blending import Blend, blend
from era3d.texture.coverage import coverage_colors
from era3d.texture.exposure import estimate_gains
from era3d.texture.fill import fill_over_surface
from era3d.texture.normals import face_normals, unit, vertex_normals
from era3d.texture.photoconsistency import move_to_agreement
from era3d.texture.settings import TextureSettings
from era3d.texture.silhouette import spread
from era3d.texture.sources import Source, Surface, make_sources, seen_again
from era3d.texture.tangents import to_tangent_space, vertex_tangents
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh
from era3d.texture.unwrap import unwrap
from era3d.views import Views

_POINTS_AT_ONCE = 1 << 18
_ROWS_AT_ONCE = 1024
_LEAST_DETAIL = 512
_FLAT = (128, 128, 255)
# Texels farther out of a thin face than this many of its heights are left to their neighbours.
_FARTHEST_OUT = 4.0


def bake(
    mesh: TriangleMesh,
    views: Views,
    settings: TextureSettings = TextureSettings(),  # noqa: B008 - frozen
    progress: Progress = ignore,
) -> TexturedMesh:
    """Unwrap a mesh and paint its texture with what six views see of it.

    Vertices are moved a little where that makes the views agree on what they show.

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
    _check(mesh)
    steps = 2 + -(-settings.size // _ROWS_AT_ONCE)
    # Views with more detail than the texture can hold would only alias.
    detail = max(settings.size, _LEAST_DETAIL)
    atlas, painter = both(
        lambda: unwrap(mesh, settings.size), lambda: _prepare(mesh, views, detail, settings)
    )
    progress(1, steps)
    canvas = _Canvas(atlas, painter, settings)
    for done, top in enumerate(range(0, settings.size, _ROWS_AT_ONCE)):
        canvas.paint(top, min(top + _ROWS_AT_ONCE, settings.size))
        progress(2 + done, steps)
    textured = canvas.finish()
    progress(steps, steps)
    return textured


def paint_vertices(
    mesh: TriangleMesh,
    views: Views,
    settings: TextureSettings = TextureSettings(),  # noqa: B008 - frozen
    progress: Progress = ignore,
) -> ColoredMesh:
    """Paint the vertices of a mesh with what six views see of them; parameters as of `bake`."""
    _check(mesh)
    painter = _prepare(mesh, views, views.size, settings)
    progress(1, 1)
    moved = painter.mesh
    return ColoredMesh(moved.vertices, painter.normals, painter.vertex_colors, moved.faces)


@dataclass(frozen=True)
class _Painter:
    """What is needed to paint any point of a mesh.

    Attributes
    ----------
    mesh : TriangleMesh
        The one to paint, its vertices where the views agree.
    sources : list of Source
    gains : (6, 3) float32
    normals : (n, 3) float32
        Smooth ones, of the vertices.
    vertex_colors : (n, 3) float32
        Of the vertices, those that no view saw filled.
    """

    mesh: TriangleMesh
    sources: list[Source]
    gains: NDArray[np.float32]
    normals: NDArray[np.float32]
    vertex_colors: NDArray[np.float32]

    def blend(self, surface: Surface, with_normals: bool) -> Blend:
        return blend(self.sources, self.gains, surface, with_normals)


def _check(mesh: TriangleMesh) -> None:
    if not len(mesh.faces):
        raise InputError("The mesh has no faces to paint; check the silhouettes of the views.")


def _prepare(mesh: TriangleMesh, views: Views, largest: int, settings: TextureSettings) -> _Painter:
    """Sources no larger than ``largest`` pixels, their gains, and the vertices' colours."""
    normals = vertex_normals(mesh.vertices, mesh.faces)
    sources = make_sources(mesh, align(mesh, views), largest, settings.view_weights)
    gains = estimate_gains(sources, Surface(mesh.vertices, normals, normals))
    mesh = move_to_agreement(mesh, normals, sources, gains)
    sources = seen_again(sources, mesh)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    seen = blend(sources, gains, Surface(mesh.vertices, normals, normals))
    color = fill_over_surface(mesh, seen.color, seen.confidence)
    return _Painter(mesh, sources, gains, normals, color)


class _Canvas:
    """The pictures of a texture while they are painted, some rows at a time."""

    def __init__(self, atlas: Atlas, painter: _Painter, settings: TextureSettings) -> None:
        self.atlas, self.painter = atlas, painter
        mesh, size = painter.mesh, settings.size
        self.covered = np.zeros((size, size), bool)
        self.image = np.zeros((size, size, 3), np.uint8)
        self.coverage = np.zeros((size, size, 3), np.uint8)
        self.normal_map: NDArray[np.uint8] | None = None
        self.tangents: NDArray[np.float32] | None = None
        self.vertices = mesh.vertices[atlas.vertex]
        self.normals = painter.normals[atlas.vertex]
        values = [self.vertices, self.normals, painter.vertex_colors[atlas.vertex]]
        if settings.normal_map:
            self.normal_map = np.full((size, size, 3), _FLAT, np.uint8)
            self.tangents = vertex_tangents(self.vertices, self.normals, atlas.uv, atlas.faces)
            values.append(self.tangents)
        self._values = np.concatenate(values, 1)
        self._flat_normals = face_normals(mesh.vertices, mesh.faces)

    def paint(self, top: int, bottom: int) -> None:
        """Paint rows top..bottom."""
        for texel, face, values in self._texels(top, bottom):
            points, normals, filled = values[:, :3], values[:, 3:6], values[:, 6:9]
            surface = Surface(points, unit(normals), self._flat_normals[face])
            seen = self.painter.blend(surface, self.normal_map is not None)
            known = seen.confidence[:, None]
            color = (filled + known * (seen.color - filled)).clip(0, 1)
            self.image.reshape(-1, 3)[texel] = np.round(color * 255)
            self.coverage.reshape(-1, 3)[texel] = coverage_colors(seen.share, seen.confidence)
            self.covered.reshape(-1)[texel] = True
            if self.normal_map is not None and seen.normal is not None:
                normal = surface.normals + known * (seen.normal - surface.normals)
                local = to_tangent_space(normal, normals, values[:, 9:])
                # What a view's normal tells of the far side is noise.
                local[:, 2] = np.maximum(local[:, 2], 0.05)
                encoded = np.round(unit(local) * 127.5 + 127.5)
                self.normal_map.reshape(-1, 3)[texel] = encoded

    def finish(self) -> TexturedMesh:
        """Fill the gaps between charts, so that neither interpolation nor mipmaps mix them in."""
        image, normal_map = spread(self.image, self.covered), self.normal_map
        if normal_map is not None:
            normal_map = spread(normal_map, self.covered)
        return TexturedMesh(
            self.vertices,
            self.normals,
            self.atlas.uv,
            self.atlas.faces,
            image,
            self.tangents,
            normal_map,
            spread(self.coverage, self.covered),
        )

    def _texels(
        self, top: int, bottom: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
        """Texels of some rows in or next to a face: index, face and values in its plane."""
        size = len(self.covered)
        uv = self.atlas.uv[self.atlas.faces] * np.float32(size)
        uv[..., 1] -= top
        touched = np.flatnonzero((uv[..., 1].max(1) >= 0) & (uv[..., 1].min(1) <= bottom - top))
        corners = np.zeros((len(touched), 3, 3), np.float32)
        corners[..., :2] = uv[touched]
        drawn = rasterize(torch.from_numpy(corners), bottom - top, size).face.numpy()
        texel, nearest = with_margin(drawn)
        for first in range(0, len(texel), _POINTS_AT_ONCE):
            chosen = slice(first, first + _POINTS_AT_ONCE)
            at = np.stack([texel[chosen] % size, texel[chosen] // size], 1) + np.float32(0.5)
            weight = barycentric(corners[nearest[chosen], :, :2], at)
            usable = np.abs(weight).max(1) < _FARTHEST_OUT
            face = touched[nearest[chosen][usable]]
            corner_values = self._values[self.atlas.faces[face]]
            values = np.einsum("nk,nkc->nc", weight[usable], corner_values)
            yield texel[chosen][usable] + top * size, face, values.astype(np.float32)


def with_margin(drawn: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texels in or next to a face: their index and the face, for those outside the nearest one.

    What is next to a chart is read when the texture is looked up at the chart's edge. It shows the
    surface as the views continue it there, so that both sides of a seam are alike.

    Parameters
    ----------
    drawn : (H, W) int64
        Face of each texel, -1 where there is none.
    """
    inside = drawn >= 0
    if inside.all() or not inside.any():
        return np.flatnonzero(inside), drawn[inside]
    near = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    _, label = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    face_of = np.zeros(int(label.max()) + 1, np.int64)
    face_of[label[inside]] = drawn[inside]
    return np.flatnonzero(near), face_of[label[near]]


def barycentric(corners: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (n, 3) of the corners (n, 3, 2) of triangles that make points (n, 2) of their plane.

    They add up to 1; outside of a triangle some are negative.
    """
    a, b, c = np.moveaxis(corners.astype(np.float64) - points[:, None], 1, 0)
    weight = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], 1)
    total = weight.sum(1, keepdims=True)
    return (weight / np.where(total == 0, 1e-30, total)).astype(np.float32)


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
