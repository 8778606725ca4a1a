# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn."""

from .panel import ERA3D_PT_cameras, ERA3D_PT_main

CLASSES = (ERA3D_PT_main, ERA3D_PT_cameras)
