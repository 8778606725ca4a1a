# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements, on predictions whose errors are known."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from era3d.diffusion.checkpoint import save_pipeline
from era3d.errors import InputError
from era3d.training.config import DrawConfig, ModelConfig
from era3d.training.corpus import Corpus
from era3d.training.metrics import (
    Prediction,
    Scenes,
    category_mean,
    compare,
    grid,
    mean_image,
    measure,
    nearest,
    open_case,
    table,
)
from era3d.training.start import new_pipeline

FOLDER = Path(__file__).parents[2] / "data" / "corpus"


def scenes(count=4, size=16, seed=0):
    generator = np.random.default_rng(seed)
    alphas = np.zeros((count, 6, size, size), np.uint8)
    for i in range(count):
        alphas[i, :, 4 : 8 + i, 4:12] = 255
    normals = np.full((count, 6, size, size, 3), 255, np.uint8)
    normals[alphas > 0] = (128, 128, 255)
    colors = np.full_like(normals, 255)
    colors[alphas > 0] = (10, 200, 30)
    photos = generator.integers(0, 255, (count, 2, size, size, 3)).astype(np.uint8)
    poses = np.tile(np.float32([np.radians(10), 0.5]), (count, 2, 1))
    return Scenes(photos, poses, normals, colors, alphas, ("a", "a", "b", "b")[:count])


def test_the_truth_is_perfect():
    truth = scenes()
    numbers = measure(Prediction(truth.normals, truth.colors, truth.poses[:, 0]), truth)
    assert numbers["iou"] == numbers["iou_front"] == 1
    assert numbers["angle"] == pytest.approx(0, abs=0.1)
    assert numbers["psnr_normal"] > 90
    assert numbers["elevation"] == numbers["focal"] == 0


def test_known_errors_are_measured():
    truth = scenes(1)
    normals = truth.normals.copy()
    normals[:, 0, 4:6, 4:12] = 255  # half of one of six silhouettes is missing
    normals[:, 1:, 4:8, 4:12] = (255, 128, 128)  # 90 degrees off
    colors = np.where(truth.colors == 255, 255 - 51, truth.colors).astype(np.uint8)
    poses = truth.poses[:, 0] + np.float32([np.radians(4), 0.1])
    numbers = measure(Prediction(normals, colors, poses), truth)
    assert numbers["iou_front"] == pytest.approx(0.5)
    assert numbers["iou"] == pytest.approx(5.5 / 6)
    assert numbers["angle"] == pytest.approx(90 * 160 / 176, abs=1)
    white = 1 - 32 / 256
    assert numbers["psnr_color"] == pytest.approx(-10 * np.log10(0.04 * white), abs=0.01)
    assert numbers["elevation"] == pytest.approx(4, abs=1e-3)
    assert numbers["focal"] == pytest.approx(0.1, abs=1e-4)


def test_a_wrong_photo_costs():
    truth = scenes()
    right = Prediction(truth.normals, truth.colors, truth.poses[:, 0])
    assert measure(right.rolled(), truth)["iou"] < 0.9


def test_baselines_do_what_they_say():
    train = scenes()
    asked = Scenes(
        train.photos[[2]],
        train.poses[[2]],
        train.normals[[2]],
        train.colors[[2]],
        train.alphas[[2]],
        ("b",),
    )
    assert (nearest(train, asked).normals == asked.normals).all()
    everything = mean_image(train, asked).colors[0].astype(float)
    assert everything == pytest.approx(train.colors.mean(0), abs=0.51)
    category = category_mean(train, asked).colors[0].astype(float)
    assert category == pytest.approx(train.colors[2:].mean(0), abs=0.51)


def test_table_lists_every_method():
    truth = scenes()
    numbers = measure(Prediction(truth.normals, truth.colors, truth.poses[:, 0]), truth)
    text = table({"unseen packs": {"ours": numbers, "theirs": numbers}})
    assert text.count("\n") == 3
    assert "| unseen packs | ours | 1.000 |" in text


class Painter:
    """Answers every photo with its own average colour; the camera it guesses is always the same."""

    def __call__(self, photo, steps=None, seed=0):
        color = np.full((6, *photo.shape), photo.mean() / 255, np.float32)
        noise = np.random.default_rng(seed).normal(0, 0.01, color.shape)
        normal = (color + noise).clip(0, 1).astype(np.float32)
        return SimpleNamespace(color=color, normal=normal, elevation=0.0, focal=0.5)


def test_comparison_tells_means_over_seeds_and_their_spread():
    truth = scenes()
    found = compare(Painter(), truth, truth, seeds=3)
    ours, constant = found["the model"], found["best constant camera"]
    assert ours["elevation"] == pytest.approx(10, abs=1e-3)
    assert constant["elevation"] == pytest.approx(0, abs=1e-3)
    assert ours["psnr_normal spread"] > 0
    assert found["nearest training object"]["iou"] == 1
    assert found["nearest training object"]["iou spread"] == 0


def test_the_grid_shows_what_was_said_above_the_truth():
    truth = scenes()
    said = Prediction(truth.normals // 2, truth.colors, truth.poses[:, 0])
    picture = grid(said, truth, rows=2)
    assert picture.shape == (4 * 16, 13 * 16, 3)
    assert (picture[:16, :16] == truth.photos[0, 0]).all()
    assert (picture[:16, 7 * 16 : 8 * 16] == truth.normals[0, 0] // 2).all()
    assert (picture[-16:, 7 * 16 : 8 * 16] == truth.normals[-1, 0]).all()


def test_a_foreign_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"training\.json"):
        open_case(tmp_path, Corpus(FOLDER), tmp_path)


def test_other_photos_than_the_training_s_can_be_asked_for(tmp_path):
    tiny = ModelConfig(image_size=16, patch=4, widths=(32,), embedding=16, encoder_width=32)
    save_pipeline(new_pipeline(tiny), tmp_path / "model")
    note = {"data": {"draws": [{"photos": 1}], "seen_fraction": 0.3}}
    (tmp_path / "model" / "training.json").write_text(json.dumps(note))
    words = (tmp_path / "model", Corpus(FOLDER), tmp_path / "drawings")
    (own,) = open_case(*words).truth.values()
    (steep,) = open_case(*words, DrawConfig(photos=2, elevation_degrees=(35, 40))).truth.values()
    assert len(own) == len(steep)
    assert (own.photos.shape[1], steep.photos.shape[1]) == (1, 2)
    assert (np.degrees(own.poses[..., 0]) < 35).all()
    assert (np.degrees(steep.poses[..., 0]) > 35).all()
