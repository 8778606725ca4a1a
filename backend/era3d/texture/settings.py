# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a mesh is painted."""

from dataclasses import dataclass

from era3d.cameras import VIEWS
from era3d.errors import InputError

SMALLEST_SIZE, LARGEST_SIZE = 64, 8192


@dataclass(frozen=True)
class TextureSettings:
    """How a mesh is painted.

    Attributes
    ----------
    size : int
        Width and height of the texture in pixels.
    normal_map : bool
        Whether to bake one from the views' normals, too.
    view_weights : six floats
        How far to trust the colours of each view, 0..1, in the order of `era3d.cameras.VIEWS`;
        a view of weight 0 paints nothing.
    """

    size: int = 1024
    normal_map: bool = False
    view_weights: tuple[float, ...] = (1.0,) * len(VIEWS)

    def __post_init__(self) -> None:
        if not SMALLEST_SIZE <= self.size <= LARGEST_SIZE:
            raise InputError(
                f"The texture size must be {SMALLEST_SIZE} to {LARGEST_SIZE}, not {self.size}."
            )
        weights = self.view_weights
        if len(weights) != len(VIEWS) or not all(0 <= weight <= 1 for weight in weights):
            raise InputError(f"There must be six view weights from 0 to 1, not {weights}.")
