# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a texture is made."""

from dataclasses import dataclass

from era3d.errors import InputError

SMALLEST_SIZE, LARGEST_SIZE = 64, 8192


@dataclass(frozen=True)
class TextureSettings:
    """How a texture is made.

    Attributes
    ----------
    size : int
        Width and height of the texture in pixels.
    unwrap_seconds : float
        How long xatlas may try to unwrap the mesh before the atlas of projections, which takes
        no time to speak of, is used instead. 0 asks for that one at once.
    """

    size: int = 1024
    unwrap_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not SMALLEST_SIZE <= self.size <= LARGEST_SIZE:
            raise InputError(
                f"The texture size must be {SMALLEST_SIZE} to {LARGEST_SIZE}, not {self.size}."
            )
