# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D: one picture to six registered orthographic views and a textured mesh."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("era3d")
except PackageNotFoundError:  # a source tree on the path, not installed
    __version__ = "0+source"
