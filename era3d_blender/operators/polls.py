# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold before an operator can be pressed, and what its button says if it does not."""

from __future__ import annotations

import bpy


def has_job(operator: type, fits: bool) -> bool:
    """Tell whether the active object is one that an operator works on."""
    if not fits:
        operator.poll_message_set("Select an object that Era3D made")
    return fits


def in_object_mode(operator: type, context: bpy.types.Context) -> bool:
    """Tell whether objects may be made and changed."""
    fits = context.mode == "OBJECT"
    if not fits:
        operator.poll_message_set("Only in Object Mode")
    return fits
