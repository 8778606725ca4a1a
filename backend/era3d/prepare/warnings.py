# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told of a picture before minutes are spent on it."""

import warnings

from PIL import Image

from era3d.errors import ViewWarning
from era3d.prepare.frame import SUBJECT_SIZE, Crop
from era3d.prepare.picture import lens_of

# Enlarged more than twice, there is little left for a model to see.
_SMALL_SIDE = 210
# Era3D was trained with lenses of 35 to 135 mm before a sensor 32 mm wide, which the subject fills;
# photographs tell their lens for film 36 mm wide.
_WIDEST_LENS, _SENSOR, _FILM = 35, 32, 36


def warn_of_framing(picture: Image.Image, crop: Crop) -> None:
    """Warn of a subject that is small, cut by the border or seen through a wide lens.

    Parameters
    ----------
    picture : PIL.Image.Image
        As `era3d.prepare.read_picture` gives it.
    crop : Crop
        Where the subject was found in it.
    """
    left, top, right, bottom = crop.box
    width, height = crop.photo_size
    if max(right - left, bottom - top) < _SMALL_SIDE:
        _warn(
            f"The subject is only {right - left}x{bottom - top} pixels: detail will be guessed. "
            "Take a larger picture if you have one."
        )
    sides = {
        "left": left <= 0,
        "top": top <= 0,
        "right": right >= width,
        "bottom": bottom >= height,
    }
    cut = [side for side, touches in sides.items() if touches]
    if cut and len(cut) < len(sides):
        _warn(
            f"The subject touches the picture's border ({', '.join(cut)}): what is cut off there "
            "will be missing. Show the whole subject if you can."
        )
    lens = lens_of(picture)
    if lens is not None and lens * _zoom(crop) < _WIDEST_LENS:
        _warn(
            "The picture was taken from very near: near parts look too large. "
            "Step back and zoom in if you can."
        )


def _zoom(crop: Crop) -> float:
    """Factor from the photo's lens to the one that would show just what the model sees."""
    return max(crop.photo_size) / (SUBJECT_SIZE / crop.scale) * _SENSOR / _FILM


def _warn(message: str) -> None:
    warnings.warn(message, ViewWarning, stacklevel=3)
