# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A camera moved until the outline of the mesh lies on that of the photo.

A handful of features leaves focal length and distance open, for each can make up for the other; the
outline, which is all around the object, holds both.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from era3d.drawing import Drawing
from era3d.lens import Lens
from era3d.photos.matching import Matches

_BORDER = 2  # pixels: what ends there may go on outside the picture
_SOFT = 1.0  # pixels: what is farther off counts less and less
_LEAST_POINTS = 50


def depth_inside(photo: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """How far each pixel of a photo (height, width, 4) is inside of its outline, in pixels.

    Negative outside; None where the photo has no outline.
    """
    inside = photo[..., 3] > 127
    if inside.all() or not inside.any():
        return None
    within, without = (
        cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for mask in (inside, ~inside)
    )
    # The outline runs half a pixel before the first pixel on the other side.
    return np.asarray(np.where(inside, within - 0.5, 0.5 - without), np.float32)


def align(lens: Lens, matches: Matches, drawing: Drawing, depth: NDArray[np.float32]) -> Lens:
    """Move, turn and zoom a camera until outline and features lie where the photo has them.

    Both count the same, however many there are of each.

    Parameters
    ----------
    lens : Lens
        Its principal point stays.
    matches : Matches
        That agree on it.
    drawing : Drawing
        Of the mesh through it.
    depth : (height, width) float32
        Of the photo, see `depth_inside`.
    """
    rim = _rim(drawing)
    if len(rim) < _LEAST_POINTS or not len(matches.pixel):
        return lens
    turn, shift = lens.world_to_camera[:3, :3], lens.world_to_camera[:3, 3]

    def moved(change: NDArray[np.float64]) -> Lens:
        matrix = np.eye(4)
        matrix[:3, :3] = Rotation.from_rotvec(change[:3]).as_matrix() @ turn
        # Towards the object by as much as the focal length shrinks: the two are apart then.
        matrix[:3, 3] = shift + shift[2] * change[3:6]
        matrix[2, 3] += shift[2] * np.expm1(change[6])
        focal = float(lens.fx * np.exp(change[6]))
        return replace(lens, world_to_camera=matrix, fx=focal, fy=focal)

    def off(change: NDArray[np.float64]) -> NDArray[np.float64]:
        there = moved(change)
        features = (there.project(matches.point)[0] - matches.pixel).ravel()
        column, row = there.project(rim)[0].T - 0.5
        # The centres of the outermost pixels lie half a pixel inside of the mesh's own outline.
        outline = map_coordinates(depth, [row, column], order=1, mode="nearest") - 0.5
        return np.concatenate(
            [features / np.sqrt(len(features)), outline / np.sqrt(len(outline))]
        ) * np.sqrt(len(rim))

    answer = least_squares(off, np.zeros(7), loss="soft_l1", f_scale=_SOFT, x_scale=0.01)
    return moved(answer.x)


def _rim(drawing: Drawing) -> NDArray[np.float64]:
    """Points (n, 3) of the mesh that the outermost pixels of a drawing show."""
    inside = np.isfinite(drawing.position[..., 0])
    inner = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rim = inside & ~inner
    rim[:_BORDER], rim[-_BORDER:], rim[:, :_BORDER], rim[:, -_BORDER:] = (False,) * 4
    return drawing.position[rim].astype(np.float64)
