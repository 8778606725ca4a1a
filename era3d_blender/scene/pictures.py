# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job pictures as packed images, and painted ones back into the job."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .folder import Job, JobFolderError, inside

FILE_KEY = "era3d_file"  # custom property: the picture's name inside its job folder


def load_picture(job: Job, path: Path, data: bool = False) -> bpy.types.Image:
    """Load and pack one picture of a job.

    Parameters
    ----------
    job : Job
    path : Path
        A file inside the job folder.
    data : bool
        The numbers are no colours (normal maps): no colour space.

    Raises
    ------
    JobFolderError
        When Blender cannot decode it.
    """
    image = bpy.data.images.load(str(path), check_existing=False)
    if not all(image.size):  # decodes it
        bpy.data.images.remove(image)
        raise JobFolderError(f"{path.name} is not a picture Blender can read")
    image.name = f"{job.path.name} {path.stem}"
    image.colorspace_settings.name = "Non-Color" if data else "sRGB"
    image[FILE_KEY] = path.relative_to(job.path).as_posix()
    _make_relative(image)
    image.pack()
    return image


def save_painted(images: list[bpy.types.Image], folder: Path) -> list[str]:
    """Write pictures that differ from the job's files into the job; return their names.

    Raises
    ------
    JobFolderError
        When a picture's name points out of the folder.
    """
    written = []
    for image in images:
        if FILE_KEY not in image:
            continue
        path = inside(folder, image[FILE_KEY])
        contents = _encoded(image)
        if contents and path.is_file() and path.read_bytes() != contents:
            temporary = path.with_name(f".{path.name}.new")
            temporary.write_bytes(contents)
            temporary.replace(path)
            written.append(image[FILE_KEY])
    return written


def picture_file(image: bpy.types.Image, folder: Path) -> Path:
    """Return a file with what the image shows now: its own, or a copy made in a folder."""
    own = Path(bpy.path.abspath(image.filepath, library=image.library))
    if image.source == "FILE" and not image.packed_file and not image.is_dirty and own.is_file():
        return own
    copy = folder / "picture.png"
    if image.packed_file and not image.is_dirty:
        copy.write_bytes(image.packed_file.data)
        return copy
    _save_pixels(image, copy)
    return copy


def _save_pixels(image: bpy.types.Image, path: Path) -> None:
    """Write an image's pixels as PNG; the image itself must not notice."""
    width, height = image.size
    painted = bpy.data.images.new(image.name, width, height, alpha=True)
    try:
        values = np.empty(4 * width * height, np.float32)
        image.pixels.foreach_get(values)
        painted.pixels.foreach_set(values)
        painted.filepath_raw, painted.file_format = str(path), "PNG"
        painted.save()
    finally:
        bpy.data.images.remove(painted)


def _encoded(image: bpy.types.Image) -> bytes:
    """Return the file contents of an image as the artist sees it."""
    if image.is_dirty:
        image.pack()
    if image.packed_file:
        return bytes(image.packed_file.data)
    path = Path(bpy.path.abspath(image.filepath))
    return path.read_bytes() if path.is_file() else b""


def _make_relative(image: bpy.types.Image) -> None:
    if not (bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths):
        return
    if Path(bpy.data.filepath).anchor == Path(image.filepath).anchor:  # one drive
        image.filepath = bpy.path.relpath(image.filepath)
