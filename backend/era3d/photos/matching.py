# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which points of a mesh a photograph shows where: features of the photo found in a drawing."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.drawing import Drawing

_MOST_FEATURES = 4000
_LEAST_CONTRAST = 0.015
_RATIO = 0.8  # Lowe, 2004
_RIM = 5  # pixels at outlines, where features see the background


class Matches(NamedTuple):
    """Points in a photograph and on the mesh.

    Attributes
    ----------
    pixel : (n, 2) float64
        Columns and rows; the first pixel's centre is at one half.
    point : (n, 3) float64
        World frame.
    """

    pixel: NDArray[np.float64]
    point: NDArray[np.float64]

    def joined(self, other: "Matches") -> "Matches":
        """Both."""
        return Matches(
            np.concatenate([self.pixel, other.pixel]), np.concatenate([self.point, other.point])
        )


def match(photo: NDArray[np.uint8], drawing: Drawing) -> Matches:
    """Find features (SIFT) of a photograph in a drawing of the mesh.

    Parameters
    ----------
    photo : (height, width, 4) uint8
        Alpha tells where to look.
    drawing : Drawing
        Of about the same view and size.
    """
    here, mine = _features(photo)
    there, yours = _features(drawing.picture)
    if mine is None or yours is None or len(yours) < 2:
        return Matches(np.zeros((0, 2)), np.zeros((0, 3)))
    pairs = cv2.BFMatcher().knnMatch(mine, yours, k=2)
    clear = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    # OpenCV counts from the centre of the first pixel.
    pixel = np.array([here[each.queryIdx].pt for each in clear]).reshape(-1, 2) + 0.5
    at = np.array([there[each.trainIdx].pt for each in clear], np.float32).reshape(-1, 2)
    if not len(at):
        return Matches(np.zeros((0, 2)), np.zeros((0, 3)))
    drawn = cv2.remap(drawing.position, at[:, :1], at[:, 1:], cv2.INTER_LINEAR)
    point = np.asarray(drawn, np.float64).reshape(len(pixel), 3)
    known = np.isfinite(point).all(axis=1)
    return Matches(pixel[known], point[known])


def _features(
    picture: NDArray[np.uint8],
) -> tuple[list[cv2.KeyPoint], NDArray[np.float32] | None]:
    alpha = picture[..., 3:] / np.float32(255)
    on_grey = np.round(picture[..., :3] * alpha + 128 * (1 - alpha)).astype(np.uint8)
    inside = cv2.erode((alpha[..., 0] > 0.9).astype(np.uint8), np.ones((_RIM, _RIM), np.uint8))
    finder = cv2.SIFT.create(_MOST_FEATURES, contrastThreshold=_LEAST_CONTRAST)
    found, described = finder.detectAndCompute(cv2.cvtColor(on_grey, cv2.COLOR_RGB2GRAY), inside)
    return list(found), None if described is None else np.asarray(described, np.float32)
