# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed distance to a silhouette, finer than a pixel."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

_FAR = 1e6


def signed_distance(alpha: NDArray[np.floating]) -> NDArray[np.float32]:
    """Distance of each pixel's centre to the line where alpha is one half.

    Parameters
    ----------
    alpha : (S, S) float
        Coverage 0..1, with at least one pixel above one half. What touches the border ends there.

    Returns
    -------
    (S, S) float32
        Pixels; positive outside.
    """
    padded = np.pad(alpha.astype(np.float64), 1)
    inside = padded >= 0.5
    step_x, step_y = _nearest_crossing(padded, 1), _nearest_crossing(padded, 0)
    on_edge = (np.abs(step_x) < _FAR) | (np.abs(step_y) < _FAR)
    # The line through both crossings; its point nearest to the pixel is the foot.
    squared = 1.0 / (1.0 / step_x**2 + 1.0 / step_y**2)
    foot_x, foot_y = squared / step_x, squared / step_y
    rows, columns = distance_transform_edt(~on_edge, return_distances=False, return_indices=True)
    y, x = np.indices(padded.shape, np.float32)
    feet = [
        np.where(on_edge, *each).astype(np.float32)
        for each in ((x + foot_x, _FAR), (y + foot_y, _FAR))
    ]
    # The nearest foot belongs to the nearest pixel on the edge or to one beside it; a ring of
    # nothing around the picture lets every pixel have all of these.
    wide = [np.pad(each, 1, constant_values=_FAR).ravel() for each in feet]
    width = padded.shape[1] + 2
    nearest = (rows + 1) * width + columns + 1
    squared = np.full(padded.shape, np.inf, np.float32)
    for down, across in np.ndindex(3, 3):
        beside = nearest + ((down - 1) * width + across - 1)
        np.minimum(squared, (wide[0][beside] - x) ** 2 + (wide[1][beside] - y) ** 2, out=squared)
    distance = np.sqrt(squared)
    return np.where(inside, -distance, distance)[1:-1, 1:-1]


def _nearest_crossing(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Signed step along an axis to the nearest crossing of one half; _FAR where there is none.

    A pixel exactly on the line gets a tiny step, so that it can be divided by.
    """
    steps = np.full(values.shape, _FAR)
    for sign in (1, -1):
        neighbour = np.roll(values, -sign, axis)
        crosses = (values >= 0.5) != (neighbour >= 0.5)
        gap = np.where(crosses, values - neighbour, 1.0)
        step = np.maximum((values - 0.5) / gap, 1e-3)
        nearer = crosses & (step < np.abs(steps))
        steps[nearer] = sign * step[nearer]
    return steps
