# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model that ships with the package, on pictures it never saw."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.diffusion import load_pipeline
from era3d.diffusion.pose import pose_of
from era3d.diffusion.result import views_of
from era3d.prepare import compose_on_white, cut_out, frame_subject, read_picture
from era3d.store.models import MINI_FOLDER

EXAMPLES = Path(__file__).parents[2] / "examples"
PICTURES = ("armchair", "burger", "knight", "pickup_truck")


@pytest.fixture(scope="module")
def pipeline():
    return load_pipeline("mini")


@pytest.fixture(scope="module")
def results(pipeline):
    """Of each example: the subject, what was generated, and the silhouettes of both."""
    made = {}
    for name in PICTURES:
        subject, _ = frame_subject(cut_out(read_picture(EXAMPLES / f"{name}.png"))[0])
        generated = pipeline(compose_on_white(subject))
        picture = np.asarray(subject)[..., 3] > 127
        made[name] = subject, generated, picture, views_of(generated, 512).normal[..., 3] > 127
    return made


def masks(results, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Silhouettes of the picture and of the six views, 512 pixels square."""
    return results[name][2:]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / max((one | other).sum(), 1)


def test_the_weights_are_small_enough_to_ship():
    size = sum(path.stat().st_size for path in MINI_FOLDER.rglob("*.safetensors"))
    assert size < 30e6


@pytest.mark.parametrize("name", PICTURES)
def test_every_view_shows_something(results, name):
    _, six = masks(results, name)
    share = six.mean(axis=(1, 2))
    assert (share > 0.05).all()
    assert (share < 0.75).all()


def test_the_front_view_is_not_mirrored(results):
    """The front view fits the picture's silhouette better than its mirror image."""
    better = 0.0
    for name in PICTURES:
        picture, six = masks(results, name)
        better += overlap(six[0], picture) - overlap(six[0], picture[:, ::-1])
    assert better > 0


def test_the_views_follow_the_picture(results):
    """Each front view fits its own picture better than another object's, on average."""
    pictures = {name: masks(results, name)[0] for name in PICTURES}
    fronts = {name: masks(results, name)[1][0] for name in PICTURES}
    own = np.mean([overlap(fronts[n], pictures[n]) for n in PICTURES])
    other = np.mean([overlap(fronts[n], pictures[m]) for n in PICTURES for m in PICTURES if n != m])
    assert own > other + 0.05


def test_opposite_views_have_mirrored_silhouettes(results):
    for name in PICTURES:
        _, six = masks(results, name)
        assert overlap(six[0], six[3][:, ::-1]) > 0.75
        assert overlap(six[2], six[4][:, ::-1]) > 0.75


def test_the_same_seed_gives_the_same_views(pipeline, results):
    subject, first, *_ = results["burger"]
    again = pipeline(compose_on_white(subject))
    np.testing.assert_array_equal(first.color, again.color)
    np.testing.assert_array_equal(first.normal, again.normal)


def test_the_estimated_camera_is_one(results):
    for _, generated, *_ in results.values():
        pose = pose_of(generated)
        assert pose is not None
        assert -30 < pose.elevation_degrees < 60
        assert 20 < pose.focal_mm <= 240


def test_any_size_of_picture_gives_views_of_the_model_s_size(pipeline):
    small = np.asarray(Image.new("RGB", (40, 40), "white"))
    generated = pipeline(small, steps=1)
    assert generated.color.shape == (6, pipeline.image_size, pipeline.image_size, 3)
