# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pictures a folder holds, and the job folder of each."""

from pathlib import Path

from era3d.errors import InputError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder, by name; hidden files are no pictures.

    Raises
    ------
    InputError
        If there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give one with pictures.")
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    )
    if not found:
        raise InputError(f"{folder} holds no pictures; it may hold {', '.join(sorted(SUFFIXES))}.")
    return found


def job_folders(pictures: list[Path], out: Path) -> list[Path]:
    """Return a folder for each picture: its name, with its suffix where two would be the same."""
    stems = [picture.stem for picture in pictures]
    return [
        out / (picture.stem if stems.count(picture.stem) == 1 else picture.name)
        for picture in pictures
    ]
