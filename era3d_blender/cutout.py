# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cut-out as the model will see it: of this session, out of reach for undo and .blend files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import bpy.utils.previews


@dataclass(frozen=True)
class Cutout:
    """What a run up to the cut-out gave.

    Attributes
    ----------
    folder : Path
        Job folder with input.png, alpha.png and subject.png.
    asked : tuple
        What it was made from, see `asked_of`.
    warnings : tuple of str
        What the artist should know before minutes are spent.
    """

    folder: Path
    asked: tuple[int, int, int]
    warnings: tuple[str, ...]


current: Cutout | None = None
_icons: bpy.utils.previews.ImagePreviewCollection | None = None


def asked_of(settings: bpy.types.PropertyGroup) -> tuple[int, int, int]:
    """Return what a cut-out depends on: picture, mask and margin; strokes are not seen in it."""
    picture, mask = settings.picture, settings.mask
    ids = (image.session_uid if image else 0 for image in (picture, mask))
    return (*ids, settings.crop_size)


def take(folder: Path, asked: tuple[int, int, int], warnings: list[str]) -> None:
    """Show a new cut-out."""
    global current
    current = Cutout(folder, asked, tuple(warnings))
    if _icons is not None:
        _icons.clear()


def of_picture(settings: bpy.types.PropertyGroup) -> Cutout | None:
    """Return the cut-out of the chosen picture, if there is one; it may be of another margin."""
    if current is None or settings.picture is None or not current.folder.is_dir():
        return None
    return current if current.asked[0] == settings.picture.session_uid else None


def icon_of(cutout: Cutout) -> int:
    """Return the icon of the subject, or 0 without a window."""
    if _icons is None:
        return 0
    if "subject" not in _icons:
        _icons.load("subject", str(cutout.folder / "subject.png"), "IMAGE")
    return _icons["subject"].icon_id


def register() -> None:
    """Make room for the icon."""
    global _icons
    _icons = bpy.utils.previews.new()


def unregister() -> None:
    """Forget everything."""
    global _icons, current
    bpy.utils.previews.remove(_icons)
    _icons, current = None, None
