# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views between scene and job folder: whichever side has changed is taken over by the other."""

from __future__ import annotations

import json
from pathlib import Path

import bpy

from .folder import JobFolderError, inside
from .originals import GIVEN, keep_original, original_of, stamp
from .pictures import (
    DIGEST_KEY,
    EDITED_KEY,
    FILE_KEY,
    digest,
    encoded,
    replace_contents,
    same_pixels,
)


def exchange(images: list[bpy.types.Image], folder: Path) -> list[str]:
    """Bring images and the files of a job together; return the names of the files written.

    An image that was painted is written, a file that was changed outside Blender is read.

    Raises
    ------
    JobFolderError
        When a picture's name points out of the folder, or both sides have changed.
    """
    written = []
    for image in images:
        if FILE_KEY not in image or image.library is not None:
            continue
        path = inside(folder, image[FILE_KEY])
        here, there = encoded(image), path.read_bytes() if path.is_file() else b""
        if not here or here == there:
            continue
        if not there or digest(there) == image.get(DIGEST_KEY):
            if not there or not same_pixels(image, there):
                save(image, folder)
                written.append(image[FILE_KEY])
        elif digest(here) == image.get(DIGEST_KEY):
            read(image, folder)
        else:
            raise JobFolderError(
                f"{path.name} was painted here and changed in its folder as well: "
                "choose Reload File or Save to Job in the view's menu"
            )
    return written


def first_stage(folder: Path) -> str | None:
    """Return the stage a rebuild must not go behind, lest the views are drawn over.

    Where the job's record of its views is gone, the backend would take them for not drawn yet.

    Raises
    ------
    JobFolderError
        When the job has lost its cameras, which only drawing the views makes again.
    """
    if not inside(folder, "cameras.json").is_file():
        raise JobFolderError(
            "The job has no cameras.json any more: to build again would draw its views anew"
        )
    return None if stamp(folder) != GIVEN or _given(folder) else "mesh"


def _given(folder: Path) -> bool:
    """Tell whether the views of a job were given to it, so that no stage draws them."""
    try:
        return bool(json.loads(inside(folder, "request.json").read_bytes())["source"] == "views")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def save(image: bpy.types.Image, folder: Path) -> None:
    """Write an image over its file in the job, whose original is kept.

    Raises
    ------
    JobFolderError, OSError
        When the name points out of the folder, or the disk does not take it.
    """
    path, contents = inside(folder, image[FILE_KEY]), encoded(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    keep_original(folder, image[FILE_KEY])
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(contents)
    temporary.replace(path)
    image[DIGEST_KEY] = digest(contents)
    image[EDITED_KEY] = original_of(folder, image[FILE_KEY]).read_bytes() != contents


def read(image: bpy.types.Image, folder: Path) -> bool:
    """Take over what the job's file holds now, and tell whether that was something else.

    Raises
    ------
    JobFolderError
        When the name points out of the folder, or the file is gone.
    """
    path = inside(folder, image[FILE_KEY])
    if not path.is_file():
        raise JobFolderError(f"The job has no {image[FILE_KEY]}")
    contents = path.read_bytes()
    if digest(contents) == image.get(DIGEST_KEY) and not image.is_dirty:
        return False
    replace_contents(image, contents)
    return True
