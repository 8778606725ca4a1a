# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other seeds of a picture: jobs that stopped at their views, to choose from."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import bpy

from .cameras import show_pictures
from .folder import JobFolderError, read_job
from .importing import describe, follow_reference, locked
from .pictures import load_picture
from .roots import COLOR, JOB_KEY, NORMAL, camera_of, job_folder
from .views import background_of

_TAIL_BYTES = 4096
# What a candidate does not take over: where the views come from, and the format of the file.
_OWN = ("source", "schema_version", "seed")


def same_picture(one: Path, other: Path) -> bool:
    """Tell whether two jobs began with the same picture, by size and end of the stored file."""
    mark = _mark(one / "input.png")
    return mark is not None and mark == _mark(other / "input.png")


def has_root_of(folder: Path) -> bool:
    """Tell whether a job of the same picture is in this file."""
    roots = [thing for thing in bpy.data.objects if JOB_KEY in thing and thing.users_scene]
    return any(same_picture(job_folder(root), folder) for root in roots)


def request_to_repeat(folder: Path) -> dict[str, Any]:
    """Return what to ask for to have a job's picture drawn with another seed.

    Raises
    ------
    JobFolderError
        When the views of the job were given, not drawn from a picture, or it is damaged.
    """
    try:
        request = json.loads((folder / "request.json").read_bytes())
        source = request.get("source")
    except (OSError, ValueError, AttributeError) as error:
        raise JobFolderError(f"request.json cannot be read: {error}") from error
    if source != "picture" or not (folder / "input.png").is_file():
        raise JobFolderError("This job was made from views, not from a picture: there is no seed")
    return {name: value for name, value in request.items() if name not in _OWN}


def use_job(root: bpy.types.Object, folder: Path, scene: bpy.types.Scene) -> None:
    """Let an imported job be another one: its views are behind the cameras, Rebuild builds them.

    The pictures that were there stay in the file for an undo.

    Raises
    ------
    JobFolderError
        When the folder has no views, or the object cannot be changed.
    """
    if locked(root):
        raise JobFolderError(locked(root))
    job = read_job(folder)
    for view in job.views:
        camera = camera_of(root, view.name)
        for kind, path in ((COLOR, view.color), (NORMAL, view.normal)):
            background = background_of(camera, kind) if camera is not None else None
            if background is not None and path is not None:
                background.image = load_picture(job, path, kind)
    root[JOB_KEY] = str(job.path)
    describe(root, job)
    follow_reference(root, job, scene.render)
    show_pictures(root)


def _mark(path: Path) -> tuple[int, int] | None:
    """Return what tells two picture files apart without reading them whole."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            return size, zlib.crc32(file.read(_TAIL_BYTES))
    except OSError:
        return None
