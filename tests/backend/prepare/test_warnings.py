# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist is told of a picture before the model starts."""

import re
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image

from era3d.errors import ViewWarning
from era3d.prepare import frame_subject, read_picture, warn_of_framing


def told(folder, box: tuple[int, int, int, int], lens: int | None = None) -> list[str]:
    """Warnings of a 1200x900 photo whose subject fills a box."""
    pixels = np.full((900, 1200, 4), 90, np.uint8)
    pixels[..., 3] = 0
    left, top, right, bottom = box
    pixels[top:bottom, left:right, 3] = 255
    notes = Image.Exif()
    if lens is not None:
        notes.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = lens
    Image.fromarray(pixels).save(folder / "photo.png", exif=notes.tobytes())
    picture = read_picture(folder / "photo.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_framing(picture, frame_subject(picture)[1])
    assert all(each.category is ViewWarning for each in caught)
    return [str(each.message) for each in caught]


def test_a_good_picture_is_let_pass(tmp_path):
    assert told(tmp_path, (300, 200, 900, 700), lens=70) == []


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((300, 200, 400, 350), "only 100x150 pixels"),
        ((0, 200, 900, 700), r"border \(left\)"),
        ((300, 0, 900, 900), r"border \(top, bottom\)"),
    ],
)
def test_a_poor_frame_is_named(tmp_path, box, words):
    (warning,) = told(tmp_path, box)
    assert re.search(words, warning)


def test_a_lens_counts_for_what_the_subject_takes_of_the_photo(tmp_path):
    near, far = (100, 50, 1150, 850), (500, 350, 800, 600)
    assert "very near" in told(tmp_path, near, lens=26)[0]
    assert told(tmp_path, far, lens=26) == []


def test_a_cut_out_that_fills_its_file_is_no_cut_photo(tmp_path):
    assert told(tmp_path, (0, 0, 1200, 900)) == []
