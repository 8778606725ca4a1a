# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twelve images of a job in the scene: which belongs to which view, others in their place."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .originals import original_of
from .pictures import DIGEST_KEY, EDITED_KEY, FILE_KEY, KIND_KEY, load_file, pixels
from .roots import COLOR, NORMAL, VIEW_KEY, cameras_of, view_cameras

VIEWS = ("front", "front_right", "right", "back", "left", "front_left")  # as a request has them
_OPAQUE = 0.999


def background_of(camera: bpy.types.Object, kind: str) -> bpy.types.CameraBackgroundImage | None:
    """Return what shows the picture of a kind in a camera."""
    for background in camera.data.background_images:
        if background.image is not None and background.image.get(KIND_KEY) == kind:
            return background
    return None


def image_of(camera: bpy.types.Object, kind: str) -> bpy.types.Image | None:
    """Return the picture of a kind that a camera shows, if it has one."""
    background = background_of(camera, kind)
    return background.image if background else None


def view_images(root: bpy.types.Object) -> list[bpy.types.Image]:
    """Return the colour and normal views of an imported job."""
    found = [image_of(camera, kind) for camera in cameras_of(root) for kind in (COLOR, NORMAL)]
    return [image for image in found if image is not None]


def view_weights(root: bpy.types.Object) -> list[float]:
    """Return how far each view is trusted, in the order a request has them."""
    cameras = {camera[VIEW_KEY]: camera.era3d for camera in view_cameras(root)}
    return [
        round(cameras[view].weight, 4) * cameras[view].use_view if view in cameras else 1.0
        for view in VIEWS
    ]


def is_edited(image: bpy.types.Image) -> bool:
    """Tell, without reading anything, whether an image is no longer what the model drew."""
    return image.is_dirty or bool(image.get(EDITED_KEY))


def replace_view(camera: bpy.types.Object, kind: str, path: Path) -> bpy.types.Image:
    """Put a picture file in the place of a view; the view's size and, if need be, outline stay.

    The image that was there stays in the file for an undo; the job's folder is not touched.

    Raises
    ------
    JobFolderError
        When the file is no picture.
    """
    background = background_of(camera, kind)
    old, given = background.image, load_file(path)
    given.colorspace_settings.name = old.colorspace_settings.name
    if tuple(given.size) != tuple(old.size):
        given.scale(*old.size)
    values = pixels(given)
    bpy.data.images.remove(given)
    if values[..., 3].min() > _OPAQUE:  # no cut-out of its own
        values[..., 3] = pixels(old)[..., 3]
    fresh = bpy.data.images.new(old.name, *old.size, alpha=True)
    fresh.colorspace_settings.name = old.colorspace_settings.name
    fresh.pixels.foreach_set(np.ascontiguousarray(values).ravel())
    fresh.pack()
    _take_place(background, fresh)
    fresh[EDITED_KEY] = True
    return fresh


def reset_view(camera: bpy.types.Object, kind: str, folder: Path) -> bpy.types.Image:
    """Put back what the model drew; the job's file follows with the next rebuild.

    Raises
    ------
    JobFolderError
        When the job no longer has it.
    """
    background = background_of(camera, kind)
    old = background.image
    fresh = load_file(original_of(folder, old[FILE_KEY]))
    fresh.name = old.name
    fresh.colorspace_settings.name = old.colorspace_settings.name
    fresh.pack()
    _take_place(background, fresh)
    return fresh


def _take_place(background: bpy.types.CameraBackgroundImage, fresh: bpy.types.Image) -> None:
    """Show another image in the place of one, which keeps its own data for an undo."""
    old = background.image
    for key in (FILE_KEY, KIND_KEY, DIGEST_KEY):
        fresh[key] = old[key]
    fresh.filepath_raw = old.filepath_raw
    old.name, fresh.name = f"{old.name} before", old.name
    background.image = fresh
