# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How deep the surface lies in a view, and where one part of it hides another."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from era3d.cameras import world_to_image
from era3d.mesh import TriangleMesh
from era3d.raster import rasterize
from era3d.texture.silhouette import distance_to_zero

# Slopes beyond this depth per pixel count as this; grazing faces would else excuse any jump.
STEEPEST = 8.0


@dataclass(frozen=True)
class DepthMap:
    """What a view sees of a mesh.

    Attributes
    ----------
    nearest : (S + 1, S + 1) float32
        See `nearest_depth`.
    to_edge : (S, S) float32
        Distance in pixels to the nearest edge where one part hides another.
    """

    nearest: NDArray[np.float32]
    to_edge: NDArray[np.float32]


def depth_map(mesh: TriangleMesh, view: str, size: int) -> DepthMap:
    """Draw the depth of a mesh in a view of ``size`` pixels."""
    surface, slope = _draw(mesh, view, size)
    to_edge = distance_to_zero(~_occlusion_edges(surface, slope, size))
    return DepthMap(_least_of_four(surface), to_edge)


def nearest_depth(mesh: TriangleMesh, view: str, size: int) -> NDArray[np.float32]:
    """How deep a mesh lies in a view of ``size`` pixels.

    Returns
    -------
    (S + 1, S + 1) float32
        Units behind the plane through the origin of the nearest surface in the four pixels around
        each pixel's upper left corner; infinite where all are empty.
    """
    return _least_of_four(_draw(mesh, view, size)[0])


def _draw(
    mesh: TriangleMesh, view: str, size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depth of each pixel (S, S), infinite where nothing is, and by how much it changes in one."""
    pixel, depth = world_to_image(mesh.vertices, view, size)
    corners = np.concatenate([pixel, depth[:, None]], 1).astype(np.float32)[mesh.faces]
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(ab, ac)
    # Rows count downward, so faces that look at the camera turn clockwise in the picture.
    towards = normal[:, 2] < 0
    if not towards.any():
        return np.full((size, size), np.inf, np.float32), np.zeros((size, size), np.float32)
    triangles = torch.from_numpy(corners[towards])
    fragments = rasterize(triangles, size, size)
    face = fragments.face.numpy()
    drawn = fragments.interpolate(triangles)[..., 2].numpy()
    normal = normal[towards]
    slope = (np.hypot(normal[:, 0], normal[:, 1]) / -normal[:, 2])[face]
    return np.where(face >= 0, drawn, np.float32(np.inf)), slope


def _least_of_four(surface: NDArray[np.float32]) -> NDArray[np.float32]:
    """Least value (S + 1, S + 1) of the pixels (S, S) around each corner of one."""
    padded = cv2.copyMakeBorder(surface, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    rows = np.minimum(padded[:-1], padded[1:])
    return np.minimum(rows[:, :-1], rows[:, 1:])


def _occlusion_edges(
    surface: NDArray[np.float32], slope: NDArray[np.float32], size: int
) -> NDArray[np.bool_]:
    """Pixels (S, S) next to one whose depth is farther off than the slopes there explain."""
    slope = np.minimum(slope, STEEPEST / size)
    edge = np.zeros((size, size), bool)
    for near, far in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        both = np.isfinite(surface[near]) & np.isfinite(surface[far])
        jump = np.abs(
            np.subtract(surface[near], surface[far], where=both, out=np.zeros(both.shape))
        )
        hides = jump > 1.5 * (np.maximum(slope[near], slope[far]) + 1 / size)
        edge[near] |= hides
        edge[far] |= hides
    return edge
