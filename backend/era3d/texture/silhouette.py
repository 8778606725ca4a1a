# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to make of colours near a silhouette: how wide the light rim is, and what lies within."""

import cv2
import numpy as np
from numpy.typing import NDArray

# In pixels of a picture of 512, the size that Era3D makes.
_WIDEST_RIM, _USUAL_RIM = 5, 3
# Shares of white that count as a rim, and colours too light to show one.
_MIXED = 0.08
_LIGHT = 0.85
_LEAST_EVIDENCE = 64


def spread(image: NDArray[np.uint8], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Give each pixel that is not known the values of the nearest known one.

    Parameters
    ----------
    image : (H, W, C) uint8
    known : (H, W) bool
    """
    if known.all() or not known.any():
        return image
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros((int(label.max()) + 1, image.shape[2]), np.uint8)
    nearest[label[known]] = image[known]
    return nearest[label]


def push_outward(
    image: NDArray[np.uint8], inside: NDArray[np.float32], rim: float
) -> NDArray[np.uint8]:
    """Replace values outside the silhouette and in its rim by the nearest ones from inside.

    Generated views fade into a light rim some pixels wide. Parts narrower than two rims keep the
    values of their middle.

    Parameters
    ----------
    image : (S, S, C) uint8
    inside : (S, S) float32
        Distance to the silhouette in pixels, 0 outside.
    rim : float
        Width of the rim in pixels.
    """
    ridge = inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8))
    return spread(image, (inside > rim) | (ridge & (inside > 0)))


def distance_to_zero(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance in pixels from each pixel to the nearest that is false, 0 there."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5).astype(np.float32)


def rim_width(
    color: NDArray[np.uint8], inside: NDArray[np.float32], pixels_per_nominal: float
) -> float:
    """How many pixels along the silhouettes are mixed with white.

    Each pixel near a silhouette is compared with the nearest one well inside: where the typical
    one is lighter, that is the rim which generated views have and rendered ones do not.

    Parameters
    ----------
    color : (V, S, S, 3) uint8
    inside : (V, S, S) float
        Distance to the silhouette in pixels, 0 outside.
    pixels_per_nominal : float
        Size of the views over 512.

    Returns
    -------
    float
        In pixels; 0 if there is no rim, the usual width if too little is there to tell.
    """
    widest = max(round(_WIDEST_RIM * pixels_per_nominal), 2)
    mixed: list[list[NDArray[np.float32]]] = [[] for _ in range(widest)]
    for picture, distance in zip(color, inside, strict=True):
        near = (distance > 0) & (distance <= widest)
        within = push_outward(picture, distance, widest + 0.5)[near] / np.float32(255)
        lighter = picture[near] / np.float32(255) - within
        share = (lighter / np.maximum(1 - within, 1 - _LIGHT)).mean(-1)
        ring = np.where(within.mean(-1) < _LIGHT, np.ceil(distance[near]), 0)
        for step in range(widest):
            mixed[step].append(share[ring == step + 1])
    shares = [np.concatenate(ring) for ring in mixed]
    if min(len(share) for share in shares) < _LEAST_EVIDENCE:
        return max(_USUAL_RIM * pixels_per_nominal, 1.0)
    return float(
        max([step + 1 for step in range(widest) if np.median(shares[step]) > _MIXED], default=0)
    )
