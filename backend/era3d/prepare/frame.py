# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Framing the subject as Era3D was trained to see it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.errors import InputError

SUBJECT_SIZE = 512
CROP_SIZE = 420
# Alpha up to 5 % is what shadows and matting leave behind.
_FAINT_ALPHA = 13


@dataclass(frozen=True)
class Crop:
    """How the subject was taken from the photo, so that the photo can be put behind it.

    Attributes
    ----------
    box : (int, int, int, int)
        Left, top, right, bottom of the cut in the photo, pixels, right and bottom excluded.
    size : (int, int)
        Width and height of the cut in the subject image.
    offset : (int, int)
        Column and row of the cut in the subject image.
    photo_size : (int, int)
        Width and height of the photo.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    offset: tuple[int, int]
    photo_size: tuple[int, int]

    @property
    def scale(self) -> float:
        """Subject pixels per photo pixel, along the longer side."""
        left, top, right, bottom = self.box
        return max(self.size) / max(right - left, bottom - top)

    @property
    def centre(self) -> tuple[float, float]:
        """Column and row of the photo that lie on the centre of the subject image."""
        half = SUBJECT_SIZE / 2
        return (
            self.box[0] + (half - self.offset[0]) / self.scale,
            self.box[1] + (half - self.offset[1]) / self.scale,
        )


def frame_subject(
    image: Image.Image, crop_size: int = CROP_SIZE, exact: bool = False
) -> tuple[Image.Image, Crop]:
    """Crop to the subject, scale its longer side, centre it on a transparent square.

    Parameters
    ----------
    image : PIL.Image.Image
        RGBA.
    crop_size : int
        Pixels that the longer side takes of `SUBJECT_SIZE`; -1 keeps the whole picture, padded to
        a square.
    exact : bool
        Do as the published preprocessing does: any alpha above 0 counts, and the last row and
        column of the box are lost. By default faint alpha does not widen the crop.

    Returns
    -------
    subject : PIL.Image.Image
        RGBA, `SUBJECT_SIZE` square.
    crop : Crop

    Raises
    ------
    InputError
        If nothing of the picture is opaque enough.
    """
    if crop_size == -1:
        return _whole_picture(image)
    box = _foreground_box(np.asarray(image)[..., 3], exact)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = crop_size / max(width, height)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    offset = ((SUBJECT_SIZE - size[0]) // 2, (SUBJECT_SIZE - size[1]) // 2)
    subject = Image.new("RGBA", (SUBJECT_SIZE, SUBJECT_SIZE))
    subject.paste(image.crop(box).resize(size, Image.Resampling.BICUBIC), offset)
    return subject, Crop(box, size, offset, image.size)


def compose_on_white(subject: Image.Image) -> NDArray[np.uint8]:
    """The picture (H, W, 3) that the encoders see: on white, truncated to 8 bits."""
    rgba = np.asarray(subject, np.float32) / 255.0
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + (1.0 - alpha)) * 255.0).clip(0, 255).astype(np.uint8)


def _whole_picture(image: Image.Image) -> tuple[Image.Image, Crop]:
    side = max(image.size)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    square = Image.new("RGBA", (side, side))
    square.paste(image, (left, top))
    subject = square.resize((SUBJECT_SIZE, SUBJECT_SIZE), Image.Resampling.BICUBIC)
    scale = SUBJECT_SIZE / side
    size = (round(image.width * scale), round(image.height * scale))
    offset = (round(left * scale), round(top * scale))
    return subject, Crop((0, 0, *image.size), size, offset, image.size)


def _foreground_box(alpha: NDArray[np.uint8], exact: bool) -> tuple[int, int, int, int]:
    solid = alpha > (0 if exact else _FAINT_ALPHA)
    columns, rows = np.flatnonzero(solid.any(0)), np.flatnonzero(solid.any(1))
    end = 0 if exact else 1
    if not len(rows) or columns[-1] + end <= columns[0] or rows[-1] + end <= rows[0]:
        raise InputError("There is no subject in the picture: it is transparent everywhere.")
    return int(columns[0]), int(rows[0]), int(columns[-1] + end), int(rows[-1] + end)
