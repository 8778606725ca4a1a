# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawings on disk, mirroring and picking."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from era3d.errors import InputError
from era3d.training.config import DrawConfig
from era3d.training.corpus import ColoredMesh, Corpus
from era3d.training.dataset import Drawings, _pack_targets, draw, draw_all, mirror
from era3d.training.render import Photo, frame_mesh, render_photo

FOLDER = Path(__file__).parents[2] / "data" / "corpus"
DRAW = DrawConfig(photos=2, stretch=0.1)


@pytest.fixture(scope="module")
def corpus():
    return Corpus(FOLDER)


@pytest.fixture(scope="module")
def folder(corpus, tmp_path_factory):
    return draw_all(corpus, corpus.records[:4], [DRAW], 32, tmp_path_factory.mktemp("drawings"))[0]


def test_mirroring_equals_drawing_the_mirrored_mesh(corpus):
    mesh = corpus.mesh(corpus.records[0])
    flipped = ColoredMesh(
        mesh.vertices * np.float32([-1, 1, 1]), mesh.faces[:, ::-1], mesh.colors[:, ::-1]
    )
    scene, other = frame_mesh(mesh), frame_mesh(flipped)
    photo = Photo(0.3, 50.0)
    drawn = [(render_photo(s, photo, 32) * 255).round().astype(np.uint8) for s in (scene, other)]
    targets, picture = mirror(_pack_targets(scene, 32), drawn[0])
    expected = _pack_targets(other, 32).astype(int)
    # samples exactly on an edge may fall to either side
    assert np.mean(np.abs(targets - expected) > 3) < 0.02
    assert np.mean(np.abs(picture - drawn[1].astype(int)) > 3) < 0.02


def test_a_drawing_depends_on_its_record_alone(corpus, folder, tmp_path):
    draw(corpus, corpus.records[2:3], DRAW, 32, tmp_path / "one")
    alone = np.load(tmp_path / "one" / "photos.npy")[0]
    assert (np.load(folder / "photos.npy")[2] == alone).all()


def test_changed_settings_are_drawn_anew(corpus, folder):
    again = draw_all(corpus, corpus.records[:4], [DRAW], 32, folder.parent)
    changed = dataclasses.replace(DRAW, stretch=0.0)
    other = draw_all(corpus, corpus.records[:1], [changed], 32, folder.parent)
    assert again[0] == folder
    assert other[0] != folder


def test_samples_are_what_was_drawn(folder):
    drawings = Drawings([folder], [1.0], ["a", "b", "b", "b"], 0.0)
    sample = drawings.sample(0, 1, 1)
    assert sample.photo.shape == (3, 32, 32)
    assert sample.targets.shape == (12, 3, 32, 32)
    assert sample.targets.abs().max() <= 1
    stored = np.load(folder / "targets.npy")[1, 5]
    assert torch.equal(
        sample.targets[5], torch.from_numpy(stored[..., :3]).permute(2, 0, 1) / 127.5 - 1
    )
    assert torch.equal(sample.alpha[0], sample.alpha[6])
    elevation, focal = sample.pose.tolist()
    assert np.radians(-10) <= elevation <= np.radians(30)
    assert 0 <= focal < 0.7


def test_recoloring_changes_photo_and_colours_alike(folder):
    drawings = Drawings([folder], [1.0], ["a"] * 4, 0.0)
    plain, turned = drawings.sample(0, 0, 0), drawings.sample(0, 0, 0, False, np.array([2, 0, 1]))
    assert torch.equal(turned.photo, plain.photo[[2, 0, 1]])
    assert torch.equal(turned.targets[6:], plain.targets[6:, [2, 0, 1]])
    assert torch.equal(turned.targets[:6], plain.targets[:6])


def test_small_categories_are_picked_more_often(folder):
    drawings = Drawings([folder], [1.0], ["a", "b", "b", "b"], 0.5)
    share = drawings._weights
    assert share[0] == pytest.approx(1 / (1 + 3**0.5))
    batch = drawings.pick(5, np.random.default_rng(0))
    assert batch.targets.shape == (5, 12, 3, 32, 32)


def test_unfinished_or_foreign_drawings_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match="unfinished"):
        Drawings([tmp_path], [1.0], ["a"], 0.0)
    with pytest.raises(InputError, match="other objects"):
        Drawings([folder], [1.0], ["a"], 0.0)
