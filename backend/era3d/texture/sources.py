# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each view knows of the surface: its colours, and how far to trust them where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.cameras import VIEWS, camera_axes
from era3d.mesh import TriangleMesh
from era3d.texture.occlusion import STEEPEST, depth_map, nearest_depth
from era3d.texture.sampling import sample
from era3d.texture.silhouette import distance_to_zero, push_outward, rim_width
from era3d.views import Views, decode_normals

# Widths in pixels of a picture of 512, the size that Era3D makes.
_NOMINAL = 512
_EDGE = 1.0
_FEATHER = 4.0
_LEAST_TRUST = 0.05
_SHARPNESS = 4
_GRAZING, _CLEAR = 0.05, 0.2
_CREASE = 0.75
_SMALLEST_DEPTH_MAP, _LARGEST_DEPTH_MAP = 512, 1024


@dataclass(frozen=True)
class Surface:
    """Points of the surface, in the world frame.

    Attributes
    ----------
    points : (N, 3) float32
    normals, flat_normals : (N, 3) float32
        Unit normals: smooth ones, and those of the faces.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    flat_normals: NDArray[np.float32]


@dataclass(frozen=True)
class Sighting:
    """What a view sees of N points.

    Attributes
    ----------
    seen : (M,) int64
        Which of the points it sees; the rest is about these.
    column, row : (M,) float32
        Where in the picture, in pixels; 0 is the centre of the first one.
    weight : (M,) float32
        For blending with other views.
    confidence : (M,) float32
        From 0 where the view hardly knows the point to 1 where it sees it well.
    """

    seen: NDArray[np.int64]
    column: NDArray[np.float32]
    row: NDArray[np.float32]
    weight: NDArray[np.float32]
    confidence: NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """One view, prepared to be looked up at points of the surface.

    Attributes
    ----------
    index : int
        Which of `era3d.cameras.VIEWS` it is.
    share : float
        The weight that the caller gives this view, above 0.
    axes : (3, 3) float32
        The camera's right, up and back in the world frame.
    color, normal : (S, S, 3) uint8
        As in `Views`; outside the silhouette and in its rim the values from safely inside.
    trust : (S, S) uint8
        255 well inside the silhouette and away from edges where one part of the object hides
        another, falling to a small value there.
    nearest : (D + 1, D + 1) float32
        See `nearest_depth`.
    """

    index: int
    share: float
    axes: NDArray[np.float32]
    color: NDArray[np.uint8]
    normal: NDArray[np.uint8]
    trust: NDArray[np.uint8]
    nearest: NDArray[np.float32]

    def look_up(self, surface: Surface) -> Sighting:
        """Find surface points in this view."""
        right, up, back = (surface.points @ axis for axis in self.axes)
        facing = surface.normals @ self.axes[2]
        # At sharp edges smooth normals claim that a view sees sides that face away from it.
        flat = np.minimum(facing, surface.flat_normals @ self.axes[2])
        agreement = np.einsum("nc,nc->n", surface.normals, surface.flat_normals)
        facing = flat + ((agreement - _CREASE) / (1 - _CREASE)).clip(0, 1) * (facing - flat)
        depth_agrees = self._depth_agreement(right, up, -back, facing)
        seen = np.flatnonzero((depth_agrees > 0) & (facing > 0))
        facing, size = facing[seen], np.float32(len(self.trust))
        column = (right[seen] + np.float32(0.5)) * size - np.float32(0.5)
        row = (np.float32(0.5) - up[seen]) * size - np.float32(0.5)
        trust = sample(self.trust, column, row)[:, 0].astype(np.float32)
        trust *= np.float32(self.share / 255) * depth_agrees[seen]
        clear = ((facing - _GRAZING) / (_CLEAR - _GRAZING)).clip(0, 1)
        return Sighting(seen, column, row, trust * facing**_SHARPNESS, trust * clear)

    def corner_at(
        self, right: NDArray[np.float32], up: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Row and column (N,) in `nearest` of the pixels' corner at camera coordinates (N,)."""
        size = len(self.nearest) - 1
        column = ((right + 0.5) * size + 0.5).astype(np.int32).clip(0, size)
        return ((0.5 - up) * size + 0.5).astype(np.int32).clip(0, size), column

    def color_at(self, sighting: Sighting) -> NDArray[np.float32]:
        """The sRGB colours (M, 3), 0..1, of what was sighted."""
        values = sample(self.color, sighting.column, sighting.row, cv2.INTER_CUBIC)
        return (values / 255).astype(np.float32)

    def normal_at(self, sighting: Sighting) -> NDArray[np.float32]:
        """The unit normals (M, 3) in the world frame of what was sighted."""
        return decode_normals(sample(self.normal, sighting.column, sighting.row, cv2.INTER_CUBIC))

    def _depth_agreement(
        self,
        right: NDArray[np.float32],
        up: NDArray[np.float32],
        depth: NDArray[np.float32],
        facing: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """1 for points on the surface that is seen, down to 0 for those that lie behind it.

        What a pixel spans in depth is no disagreement.
        """
        tangent = np.sqrt((1 - facing**2).clip(0)) / facing.clip(1 / STEEPEST)
        tolerance = (1.5 + 1.5 * tangent) / np.float32(len(self.nearest) - 1)
        behind = (depth - self.nearest[self.corner_at(right, up)]) / tolerance
        return (2 - 2 * behind).clip(0, 1).astype(np.float32)


def make_sources(
    mesh: TriangleMesh, views: Views, largest: int, shares: tuple[float, ...]
) -> list[Source]:
    """Prepare the views that show something and count, shrunk to ``largest`` pixels if larger.

    Parameters
    ----------
    mesh : TriangleMesh
    views : Views
    largest : int
    shares : six floats
        Weights of the views, 0..1; what has none paints nothing.
    """
    color, normal, alpha = _shrink(views, largest)
    size = color.shape[1]
    inside = np.stack([distance_to_zero(mask) for mask in alpha > 127])
    used = [index for index in range(len(VIEWS)) if shares[index] > 0 and inside[index].any()]
    scale = size / _NOMINAL
    rim = rim_width(color[used], inside[used], scale) + 0.5 if used else 0.0
    depth_size = min(max(size, _SMALLEST_DEPTH_MAP), _LARGEST_DEPTH_MAP)
    sources = []
    for index in used:
        depth = depth_map(mesh, VIEWS[index], depth_size)
        in_rim = (inside[index] - rim) / np.float32(max(_FEATHER * scale, 1.0))
        at_edge = (depth.to_edge * (_NOMINAL / depth_size) - _EDGE) / _FEATHER
        at_edge = cv2.resize(at_edge.clip(_LEAST_TRUST, 1), (size, size))
        trust = in_rim.clip(_LEAST_TRUST, 1) * at_edge
        sources.append(
            Source(
                index,
                shares[index],
                camera_axes(VIEWS[index]).astype(np.float32),
                push_outward(color[index], inside[index], rim),
                push_outward(normal[index], inside[index], rim),
                np.ceil(trust * 255).astype(np.uint8),
                depth.nearest,
            )
        )
    return sources


def seen_again(sources: Sequence[Source], mesh: TriangleMesh) -> list[Source]:
    """The same views of a mesh whose vertices have moved a little since."""
    return [
        replace(source, nearest=nearest_depth(mesh, VIEWS[source.index], len(source.nearest) - 1))
        for source in sources
    ]


def _shrink(
    views: Views, largest: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours, normals (6, S, S, 3) and what is opaque in both (6, S, S), at most ``largest``."""
    alpha = np.minimum(views.color[..., 3], views.normal[..., 3])
    if views.size <= largest:
        return views.color[..., :3], views.normal[..., :3], alpha
    small = [cv2.resize(a, (largest, largest), interpolation=cv2.INTER_AREA) for a in alpha]
    color, normal = (
        np.stack(
            [_shrink_opaque(*image) for image in zip(images[..., :3], alpha, small, strict=True)]
        )
        for images in (views.color, views.normal)
    )
    return color, normal, np.stack(small)


def _shrink_opaque(
    image: NDArray[np.uint8], alpha: NDArray[np.uint8], small_alpha: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Mean of the opaque part of the pixels that become one."""
    weighted = image * (alpha[..., None] / np.float32(255))
    summed = cv2.resize(weighted, small_alpha.shape, interpolation=cv2.INTER_AREA)
    share = np.maximum(small_alpha[..., None], 1) / np.float32(255)
    return np.round(summed / share).clip(0, 255).astype(np.uint8)
