# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling the subject from its background."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.errors import InputError
from era3d.prepare import cut_by, cut_out

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def knight():
    return Image.open(EXAMPLES / "knight.png").convert("RGBA")


def on(background: np.ndarray, subject: Image.Image) -> Image.Image:
    image = Image.fromarray(background.clip(0, 255).astype(np.uint8))
    image.paste(subject, (0, 0), subject)
    return image


def overlap(found: Image.Image, true: Image.Image) -> float:
    a, b = (np.asarray(image)[..., 3] > 127 for image in (found, true))
    return (a & b).sum() / (a | b).sum()


def test_given_alpha_is_kept(knight):
    found, how = cut_out(knight)
    assert how == "alpha"
    assert found is knight


@pytest.mark.parametrize("color", [(255, 255, 255), (12, 12, 12), (40, 170, 60)])
def test_a_plain_background_is_removed(knight, color):
    found, how = cut_out(on(np.full((512, 512, 3), color), knight))
    assert how == "uniform background"
    assert overlap(found, knight) > 0.97
    # Half-covered edge pixels keep the subject's colour, not the background's.
    edge = (np.asarray(found)[..., 3] > 20) & (np.asarray(knight)[..., 3] < 235)
    assert edge.sum() > 50
    color_found, color_true = (np.asarray(i)[edge][:, :3].astype(int) for i in (found, knight))
    assert np.abs(color_found - color_true).mean() < 40


def test_enclosed_parts_in_the_colour_of_the_background_stay():
    image = np.full((200, 200, 3), 255.0)
    image[50:150, 50:150] = (180, 20, 20)
    image[90:110, 90:110] = 255
    alpha = np.asarray(cut_out(Image.fromarray(image.astype(np.uint8)))[0])[..., 3]
    assert alpha[100, 100] == 255
    assert alpha[10, 10] == 0


def test_an_uneven_background_is_removed(knight):
    rows = np.linspace(60, 200, 512)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 12, (512, 512, 3))
    found, how = cut_out(on(rows + noise, knight))
    assert how == "grabcut"
    assert overlap(found, knight) > 0.9


def test_no_subject_is_said():
    with pytest.raises(InputError, match="No subject"):
        cut_out(Image.new("RGB", (100, 100), (90, 90, 90)))
    with pytest.raises(InputError, match="transparent"):
        cut_out(Image.new("RGBA", (100, 100), (90, 90, 90, 0)))


def test_a_painted_mask_takes_the_place_of_the_automatic_one(knight):
    mask = Image.new("L", knight.size)
    mask.paste(255, (10, 20, 60, 90))
    cut = cut_by(knight, mask.convert("RGBA"))
    assert cut.getchannel("A").getbbox() == (10, 20, 60, 90)
    assert np.array_equal(np.asarray(cut)[..., :3], np.asarray(knight)[..., :3])


def test_a_mask_that_cannot_be_used_is_named(knight):
    with pytest.raises(InputError, match="make them one size"):
        cut_by(knight, Image.new("L", (7, 9), 255))
    with pytest.raises(InputError, match="black everywhere"):
        cut_by(knight, Image.new("L", knight.size))
