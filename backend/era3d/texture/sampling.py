# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up an image between its pixels."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV takes no more rows or columns of coordinates than a short integer counts.
_COORDINATES_A_ROW = 4096

_Value = TypeVar("_Value", np.uint8, np.float32)


def sample(
    image: NDArray[_Value],
    column: NDArray[np.floating],
    row: NDArray[np.floating],
    how: int = cv2.INTER_LINEAR,
) -> NDArray[_Value]:
    """Values (N, C) of an image (H, W) or (H, W, C); beyond its border those of the border.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8 or float32
    column, row : (N,) float
        In pixels; 0 is the centre of the first one.
    how : int
        OpenCV's name for the way to interpolate.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    count = len(column)
    if not count:
        return np.zeros((0, channels), image.dtype)
    padding = -count % _COORDINATES_A_ROW
    across, down = (
        np.pad(part.astype(np.float32), (0, padding)).reshape(-1, _COORDINATES_A_ROW)
        for part in (column, row)
    )
    values = cv2.remap(image, across, down, how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, image.dtype).reshape(-1, channels)[:count]
