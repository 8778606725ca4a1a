# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every layer may raise, and that needs no traceback."""


class InputError(Exception):
    """Something that was given cannot be used; the message names it and the way out."""


class Cancelled(Exception):
    """Somebody asked the work to stop; what was finished stays (exit code 130 or 143)."""


class Terminated(KeyboardInterrupt):
    """SIGTERM. As Ctrl-C does, it passes through libraries that catch every `Exception`."""


class ViewWarning(UserWarning):
    """Something about the views that the user should know; the work goes on."""
