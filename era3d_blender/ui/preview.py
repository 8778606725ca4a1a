# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the growing views, as an icon that is read again when its file has changed."""

from __future__ import annotations

import bpy
import bpy.utils.previews

from ..client.supervisor import Supervisor

_icons: bpy.utils.previews.ImagePreviewCollection | None = None
_shown: tuple[str, int] = ("", 0)


def icon_of(job: Supervisor) -> int:
    """Return the icon of a job's newest preview, or 0 if it has none or there is no window."""
    global _shown
    if job.preview is None or _icons is None:
        return 0
    if _shown != (str(job.preview), job.previews):
        _icons.clear()
        _icons.load("views", str(job.preview), "IMAGE")
        _shown = (str(job.preview), job.previews)
    return _icons["views"].icon_id


def register() -> None:
    """Make room for the icon."""
    global _icons
    _icons = bpy.utils.previews.new()


def unregister() -> None:
    """Forget the icon."""
    global _icons, _shown
    bpy.utils.previews.remove(_icons)
    _icons, _shown = None, ("", 0)
