# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model will see of a picture, before any job is made of it."""

import warnings
from dataclasses import replace
from pathlib import Path

from PIL import Image

from era3d.errors import ViewWarning
from era3d.serve.pictures import check_size
from era3d.serve.settings import Limits

_HOW = {
    "alpha": "Cut out by the picture's own transparency",
    "uniform background": "Cut out from its plain background",
    "grabcut": "Cut out by guess: see that nothing is missing",
}
# Larger pictures are looked at smaller: this is to be quick, and shows 512 pixels in the end.
_LONGEST_SIDE = 2048


def preview(path: Path, crop_size: int, limits: Limits) -> tuple[Image.Image, str, list[str]]:
    """Prepare a picture as a job will, for the eye.

    Returns
    -------
    picture : PIL.Image.Image
        RGB, on white as the model sees it.
    how : str
        In which way the subject was found.
    warnings : list of str
        What speaks against the picture.

    Raises
    ------
    Refusal
        413 if it is too large for this server.
    InputError
        If it cannot be used.
    """
    from era3d.prepare import (
        compose_on_white,
        cut_out,
        frame_subject,
        read_picture,
        warn_of_framing,
    )

    check_size(path, limits.megapixels)
    picture = read_picture(path)
    size = picture.size
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    cut, how = cut_out(picture)
    subject, crop = frame_subject(cut, crop_size)
    left, top, right, bottom = (round(each * size[0] / picture.width) for each in crop.box)
    crop = replace(crop, box=(left, top, right, bottom), photo_size=size)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ViewWarning)
        warn_of_framing(picture, crop)
    seen = Image.fromarray(compose_on_white(subject))
    return seen, _HOW[how], [str(each.message) for each in told]
