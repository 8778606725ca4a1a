# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of which view painted what, and how surely."""

import numpy as np
from numpy.typing import NDArray

# One colour for each of `era3d.cameras.VIEWS`; opposite views have opposite hues.
PALETTE = np.array(
    [[230, 60, 50], [240, 150, 30], [120, 200, 50], [40, 190, 200], [130, 80, 220], [230, 80, 180]],
    np.float32,
)


def coverage_colors(
    share: NDArray[np.floating], confidence: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Colours (N, 3): the views' mixed by what each contributes, darker where less is known.

    Black is what no view saw and what was therefore filled from around it.

    Parameters
    ----------
    share : (N, 6) float
        Adds up to 1, or to 0 where no view sees the point.
    confidence : (N,) float
    """
    return np.round(share @ PALETTE * confidence[:, None]).astype(np.uint8)
