# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Framing, against pictures that the published preprocessing made."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.errors import InputError
from era3d.prepare import compose_on_white, frame_subject

GOLDEN = Path(__file__).parents[2] / "data/golden/preprocess"
CASES = json.loads((GOLDEN / "cases.json").read_text())


def picture(
    width: int, height: int, box: tuple[int, int, int, int], alpha: int = 255
) -> Image.Image:
    image = Image.new("RGBA", (width, height), (200, 30, 40, 0))
    image.paste((200, 30, 40, alpha), box)
    return image


@pytest.mark.parametrize("name", CASES)
def test_exact_framing_is_the_published_one(name):
    image = Image.open(GOLDEN / f"{name}_in.png")
    subject, _ = frame_subject(image, CASES[name]["crop_size"], exact=True)
    published = np.asarray(Image.open(GOLDEN / f"{name}_out.png"))[..., :3].astype(int)
    difference = np.abs(compose_on_white(subject).astype(int) - published)
    assert difference.max() <= 1
    assert difference.mean() < 0.05


def test_the_longer_side_takes_420_of_512_pixels_and_is_centred():
    subject, crop = frame_subject(picture(300, 200, (20, 50, 220, 100)))
    alpha = np.asarray(subject)[..., 3] > 127
    columns, rows = np.flatnonzero(alpha.any(0)), np.flatnonzero(alpha.any(1))
    assert (columns[0], columns[-1] + 1) == (46, 466)
    assert abs((rows[0] + rows[-1] + 1) / 2 - 256) <= 0.5
    assert crop.box == (20, 50, 220, 100)
    assert crop.scale == pytest.approx(2.1)
    assert crop.centre == pytest.approx((120.0, 75.0), abs=0.5)


def test_faint_alpha_widens_the_crop_only_when_exact():
    image = picture(100, 100, (30, 30, 60, 60))
    image.paste((0, 0, 0, 8), (0, 90, 100, 100))
    assert frame_subject(image)[1].box == (30, 30, 60, 60)
    assert frame_subject(image, exact=True)[1].box == (0, 30, 99, 99)


def test_a_transparent_picture_is_refused():
    with pytest.raises(InputError, match="transparent"):
        frame_subject(picture(64, 64, (0, 0, 0, 0)))
