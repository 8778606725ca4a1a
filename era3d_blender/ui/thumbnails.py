# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails of images that follow the strokes on them: Blender draws them once and keeps them."""

from __future__ import annotations

import zlib

import bpy

from .. import jobs

TICK_SECONDS = 0.5
_STRIDE = 5  # every fifth number of an image is looked at for a change

_shown: dict[int, int] = {}  # by session id of a painted image: what its thumbnail shows
_watched: list[int] = []


def icon_of(image: bpy.types.Image) -> int:
    """Return the icon of an image, or 0 without a window; watch it while it has strokes."""
    uid = image.session_uid
    if (image.is_dirty or uid in _shown) and uid not in _watched:
        _watched.append(uid)
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=TICK_SECONDS)
    return image.preview_ensure().icon_id


def _tick() -> float | None:
    """Look at one image, and have its thumbnail drawn again if it has changed."""
    if not _watched:
        return None
    uid = _watched.pop(0)
    image = next((image for image in bpy.data.images if image.session_uid == uid), None)
    if image is None:
        _shown.pop(uid, None)
    elif _shown.get(uid) != (mark := _mark(image)):
        _shown[uid] = mark
        image.preview_ensure().reload()
        jobs.redraw()
    elif image.is_dirty:
        _watched.append(uid)
    return TICK_SECONDS if _watched else None


def _mark(image: bpy.types.Image) -> int:
    """Return what tells an image from itself before a stroke."""
    import numpy as np  # not before an image is painted: registering stays quick without it

    values = np.empty(image.channels * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(values)
    return zlib.crc32(np.ascontiguousarray(values[::_STRIDE]))


def register() -> None:
    """Begin with nothing."""
    _shown.clear()


def unregister() -> None:
    """Stop watching."""
    _watched.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
