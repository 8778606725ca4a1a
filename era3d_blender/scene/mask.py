# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cut-out as an image to paint on, and back as a mask for the backend."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .pictures import load_file, pixels, write_png

_OPAQUE = 0.999


def paintable_mask(folder: Path, name: str) -> bpy.types.Image:
    """Return the photo with the cut-out as its alpha: erased or added with a brush, it is a mask.

    Parameters
    ----------
    folder : Path
        Job folder with input.png and alpha.png.
    name : str
        Of the new image.

    Raises
    ------
    JobFolderError
        When one of the files cannot be read.
    """
    photo, alpha = load_file(folder / "input.png"), load_file(folder / "alpha.png")
    try:
        values = pixels(photo)
        values[..., 3] = pixels(alpha)[..., 0]
    finally:
        bpy.data.images.remove(photo)
        bpy.data.images.remove(alpha)
    height, width = values.shape[:2]
    mask = bpy.data.images.new(name, width, height, alpha=True)
    mask.pixels.foreach_set(np.ascontiguousarray(values).ravel())
    mask.pack()
    return mask


def write_mask(mask: bpy.types.Image, path: Path) -> None:
    """Write a mask as the backend wants it: white where the subject is.

    An image with transparency is one by its alpha, any other by its brightness.
    """
    values = pixels(mask)
    grey = values[..., 3] if values[..., 3].min() < _OPAQUE else values[..., :3].mean(axis=-1)
    opaque = np.ones_like(grey)
    write_png(path, np.stack([grey, grey, grey, opaque], axis=-1))
