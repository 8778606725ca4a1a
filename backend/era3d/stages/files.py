# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a job folder that more than one stage or command knows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from era3d.cameras import VIEWS, describe_views
from era3d.files import read_object, replacing, scratch_folder, write_object
from era3d.job import SCHEMA_VERSION, Job, Request

if TYPE_CHECKING:
    from PIL.Image import Image

    from era3d.views import Views

NORMAL_FILES = tuple(f"views/normal_{view}.png" for view in VIEWS)
COLOR_FILES = tuple(f"views/color_{view}.png" for view in VIEWS)


def store_picture(job: Job, picture: "Image") -> None:
    """Keep the picture, as `era3d.prepare.read_picture` gives it, as the job's input.png."""
    with replacing(job.path("input.png")) as path:
        picture.save(path, exif=picture.info.get("exif", b""))


def store_views(job: Job, views: "Views") -> None:
    """Write six views to the job; each file takes its place whole."""
    from era3d.views import save_views

    folder = job.path("views")
    folder.mkdir(exist_ok=True)
    with scratch_folder(job.folder) as scratch:
        for path in save_views(views, scratch):
            path.replace(folder / path.name)


def write_cameras(job: Job, reference: dict[str, Any] | None) -> None:
    """Write cameras.json: the six views, and the photo's camera where it is known.

    Cameras of other photographs stay.
    """
    cameras = {"schema_version": SCHEMA_VERSION, "views": describe_views(), "reference": reference}
    others = read_object(job.path("cameras.json"), {}).get("photos")
    write_object(job.path("cameras.json"), cameras | ({"photos": others} if others else {}))


def create_from_picture(folder: Path, request: Request, picture: Path) -> Job:
    """Make a job of a picture, or give an existing one this picture.

    Raises
    ------
    InputError
        If the picture cannot be used, or the folder is something else.
    """
    from era3d.prepare import read_picture

    image = read_picture(picture)
    job = Job.create(folder, request)
    store_picture(job, image)
    return job


def create_from_views(folder: Path, request: Request, views: Path) -> Job:
    """Make a job of a folder of six views.

    Raises
    ------
    InputError
        If the views cannot be read, or the folder is something else.
    """
    from era3d.views import load_views

    loaded = load_views(views)
    job = Job.create(folder, request)
    store_views(job, loaded)
    write_cameras(job, None)
    return job
