# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coloured points as PLY."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_COLORS = ("red", "green", "blue")
_POINT = [(name, "<f4") for name in "xyz"] + [(name, "u1") for name in _COLORS]


def write_points(path: Path, positions: NDArray[np.floating], colors: NDArray[np.uint8]) -> None:
    """Write points (n, 3) with their sRGB colours (n, 3) as binary PLY."""
    from plyfile import PlyData, PlyElement

    rows = np.empty(len(positions), _POINT)
    for axis, (place, color) in enumerate(zip("xyz", _COLORS, strict=True)):
        rows[place], rows[color] = positions[:, axis], colors[:, axis]
    PlyData([PlyElement.describe(rows, "vertex")], byte_order="<").write(str(path))
