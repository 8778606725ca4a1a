# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each view knows of the surface: its colours, and how far to trust them where."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from era3d.cameras import VIEWS, camera_axes, world_to_image
from era3d.raster import rasterize
from era3d.texture.silhouette import distance_to_zero, push_outward, rim_width
from era3d.views import Views

# Widths in pixels of a picture of 512, the size that Era3D makes.
_NOMINAL = 512
_EDGE = 1.0
_FEATHER = 4.0
_LEAST_TRUST = 0.02
_SHARPNESS = 4
_GRAZING, _CLEAR = 0.05, 0.2
_STEEPEST = 8.0
_CREASE = 0.75
_SMALLEST_DEPTH_MAP, _LARGEST_DEPTH_MAP = 512, 1024


@dataclass(frozen=True)
class Source:
    """One view, prepared to be looked up at points of the surface.

    Attributes
    ----------
    axes : (3, 3) float32
        The camera's right, up and back in the world frame.
    color : (1, 3, S, S) float32
        sRGB in 0..1; outside the silhouette and in its rim the colours from safely inside.
    trust : (1, 1, S, S) float32
        1 well inside the silhouette, falling to a small positive value at its rim and outside.
    depth : (D + 1, D + 1) float32
        Units behind the plane through the origin of the nearest surface in the four pixels around
        each pixel's upper left corner; infinite where there is none.
    clearance : (1, 1, D, D) float32
        1 away from edges where one part of the object hides another, 0 on them.
    """

    axes: Tensor
    color: Tensor
    trust: Tensor
    depth: Tensor
    clearance: Tensor

    def look_up(
        self, points: Tensor, normals: Tensor, flat_normals: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Colours of surface points as this view has them.

        Parameters
        ----------
        points, normals, flat_normals : (N, 3) float32
            World frame; unit normals, smooth ones and those of the faces.

        Returns
        -------
        seen : (M,) int64
            Which of the points the view sees; the rest is about these.
        color : (M, 3) float32
            sRGB in 0..1.
        weight : (M,) float32
            For blending with other views.
        confidence : (M,) float32
            From 0 where the view hardly knows the point to 1 where it sees it well.
        """
        right, up, back = (points @ axis for axis in self.axes)
        facing = normals @ self.axes[2]
        # At sharp edges smooth normals claim that a view sees sides that face away from it.
        flat = torch.minimum(facing, flat_normals @ self.axes[2])
        agreement = (normals * flat_normals).sum(1)
        facing = torch.lerp(flat, facing, ((agreement - _CREASE) / (1 - _CREASE)).clamp(0, 1))
        seen = self._sees(right, up, -back, facing).nonzero()[:, 0]
        facing = facing[seen]
        grid = torch.stack([2 * right[seen], -2 * up[seen]], -1)[None, None]
        color = _sample(self.color, grid, "bicubic").clamp(0, 1)
        trust = _sample(self.trust, grid, "bilinear")[:, 0]
        trust = trust * _sample(self.clearance, grid, "bilinear")[:, 0]
        clear = ((facing - _GRAZING) / (_CLEAR - _GRAZING)).clamp(0, 1)
        return seen, color, trust * facing**_SHARPNESS, trust * clear

    def _sees(self, right: Tensor, up: Tensor, depth: Tensor, facing: Tensor) -> Tensor:
        """Whether nothing lies in front of points, within what a pixel spans in depth."""
        size = len(self.depth) - 1
        column = ((right + 0.5) * size + 0.5).long().clamp(0, size)
        row = ((0.5 - up) * size + 0.5).long().clamp(0, size)
        tangent = (1 - facing**2).clamp(min=0).sqrt() / facing.clamp(min=1 / _STEEPEST)
        tolerance = (1.5 + 1.5 * tangent) / size
        return (facing > 0) & (depth <= self.depth[row, column] + tolerance)


def make_sources(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], views: Views, largest: int
) -> list[Source]:
    """Prepare all views of a mesh, shrunk to ``largest`` pixels if they are larger."""
    color, alpha = _shrink(views, largest)
    size = color.shape[1]
    inside = np.stack([distance_to_zero(mask) for mask in alpha > 127])
    scale = size / _NOMINAL
    rim = rim_width(color, inside, scale) + 0.5
    depth_size = min(max(size, _SMALLEST_DEPTH_MAP), _LARGEST_DEPTH_MAP)
    sources = []
    for index, view in enumerate(VIEWS):
        trust = (inside[index] - rim) / np.float32(max(_FEATHER * scale, 1.0))
        pushed = push_outward(color[index], inside[index], rim)
        depth, clearance = depth_map(vertices, faces, view, depth_size)
        sources.append(
            Source(
                torch.from_numpy(camera_axes(view).astype(np.float32)),
                torch.from_numpy(pushed).permute(2, 0, 1)[None].float() / 255,
                torch.from_numpy(trust.clip(_LEAST_TRUST, 1.0))[None, None],
                -max_pool2d(-depth[None, None], 2, stride=1, padding=1)[0, 0],
                clearance[None, None],
            )
        )
    return sources


def _shrink(views: Views, largest: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours (6, S, S, 3) and what is opaque in both maps (6, S, S), S at most ``largest``."""
    alpha = np.minimum(views.color[..., 3], views.normal[..., 3])
    if views.size <= largest:
        return views.color[..., :3], alpha
    colors, alphas = [], []
    for color, opaque in zip(views.color[..., :3], alpha, strict=True):
        small = cv2.resize(opaque, (largest, largest), interpolation=cv2.INTER_AREA)
        weighted = color * (opaque[..., None] / np.float32(255))
        summed = cv2.resize(weighted, (largest, largest), interpolation=cv2.INTER_AREA)
        share = np.maximum(small[..., None], 1) / np.float32(255)
        colors.append(np.round(summed / share).clip(0, 255).astype(np.uint8))
        alphas.append(small)
    return np.stack(colors), np.stack(alphas)


def depth_map(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], view: str, size: int
) -> tuple[Tensor, Tensor]:
    """Depth (size, size) of the surface in a view, and clearance from its occlusion edges."""
    pixel, depth = world_to_image(vertices, view, size)
    corners = np.concatenate([pixel, depth[:, None]], 1).astype(np.float32)[faces]
    triangles = torch.from_numpy(corners)
    ab, ac = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    normal = torch.linalg.cross(ab, ac)
    # Rows count downward, so faces that look at the camera turn clockwise in the picture.
    towards = normal[:, 2] < 0
    fragments = rasterize(triangles[towards], size, size)
    seen = fragments.face >= 0
    surface = torch.where(seen, fragments.interpolate(triangles[towards])[..., 2], torch.inf)
    steepness = (normal[:, :2].norm(dim=1) / -normal[:, 2])[towards]
    return surface, _clearance(surface, steepness[fragments.face], size)


def _clearance(surface: Tensor, steepness: Tensor, size: int) -> Tensor:
    """How far pixels are from where one part of the object hides another; see `Source`."""
    edge = torch.zeros(size, size, dtype=torch.bool)
    steepness = steepness.clamp(max=_STEEPEST / size)
    for axis in (0, 1):
        one, other = (slice(0, size - 1), slice(1, size))
        near = (one, slice(None)) if axis == 0 else (slice(None), one)
        far = (other, slice(None)) if axis == 0 else (slice(None), other)
        jump = (surface[near] - surface[far]).abs()
        usual = 1.5 * (torch.maximum(steepness[near], steepness[far]) + 1 / size)
        hides = jump.isfinite() & (jump > usual)
        edge[near] |= hides
        edge[far] |= hides
    distance = distance_to_zero(~edge.numpy())
    scale = size / _NOMINAL
    clear = (distance - _EDGE * scale) / (_FEATHER * scale)
    return torch.from_numpy(clear.clip(_LEAST_TRUST, 1.0).astype(np.float32))


def _sample(image: Tensor, grid: Tensor, mode: str) -> Tensor:
    """Values (N, C) of an image (1, C, H, W) at a grid (1, 1, N, 2) that spans -1..1."""
    values = grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=False)
    return values[0, :, 0].T
