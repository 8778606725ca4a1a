# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long-running functions tell how far they are, and how they are stopped."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(step, of)`` after each step; may raise `era3d.errors.Cancelled`."""


def ignore(step: int, of: int) -> None:
    """Progress that nobody watches."""
