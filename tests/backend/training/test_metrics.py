# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements, on predictions whose errors are known."""

from pathlib import Path

import numpy as np
import pytest

from era3d.errors import InputError
from era3d.training.metrics import (
    Prediction,
    Scenes,
    category_mean,
    evaluate,
    mean_image,
    measure,
    nearest,
    table,
)


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


def test_a_foreign_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"training\.json"):
        evaluate(tmp_path, Path("corpus"), tmp_path)
