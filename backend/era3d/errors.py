# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two exceptions that every layer may raise and that need no traceback."""


class InputError(Exception):
    """Something that was given cannot be used; the message names it and the way out."""


class Cancelled(Exception):
    """Somebody asked the work to stop; what was finished stays (exit code 130 or 143)."""


class ViewWarning(UserWarning):
    """Something about the views that the user should know; the work goes on."""
