# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos without views: scenes of one object or several, on disk, and picked."""

import dataclasses

import numpy as np
import pytest
import torch

from era3d.errors import InputError
from era3d.training.config import DataConfig, PhotoConfig, TrainConfig
from era3d.training.corpus import Corpus
from era3d.training.photos import (
    NORMAL_BLOCK,
    Photos,
    _place,
    _scene,
    draw_photos,
    in_both_frames,
    random_scene,
)
from era3d.training.render import (
    LARGEST_VIEW,
    Photo,
    frame_mesh,
    render_photo_and_normals,
    shade,
    turn,
)
from tests.backend.training.conftest import FOLDER

SETTINGS = PhotoConfig(count=24)


@pytest.fixture(scope="module")
def corpus():
    return Corpus(FOLDER)


@pytest.fixture(scope="module")
def folder(corpus, tmp_path_factory):
    return draw_photos(corpus, corpus.records[:4], SETTINGS, 32, tmp_path_factory.mktemp("photos"))


def test_a_moved_scene_has_the_normals_of_its_moved_mesh(corpus):
    scene = _scene(corpus, corpus.records[0])
    matrix = turn(30) @ np.diag([1.1, 0.9, 1.2])
    moved = scene.moved(matrix, (1, 2, 3))
    again = shade(scene.vertices @ matrix.T + (1, 2, 3), scene.faces, scene.colors)
    assert np.abs(moved.face_normals - again.face_normals).max() < 1e-5
    # Smooth normals average the faces by areas, which a stretch changes.
    agree = (moved.corner_normals * again.corner_normals).sum(-1)
    assert np.median(agree) > 0.999


@pytest.mark.parametrize("seed", range(12))
def test_company_stands_beside_or_on_top_and_not_inside(corpus, seed):
    first, other = (_scene(corpus, record) for record in corpus.records[:2])
    placed = other.moved(np.eye(3), _place(first, other, np.random.default_rng(seed)))
    ours, theirs = (np.stack([s.vertices.min(0), s.vertices.max(0)]) for s in (first, placed))
    gap = np.maximum(theirs[0] - ours[1], ours[0] - theirs[1])
    assert gap.max() == pytest.approx(0, abs=1e-9)
    on_the_ground = theirs[0, 2] == pytest.approx(ours[0, 2])
    on_top = theirs[0, 2] == pytest.approx(ours[1, 2])
    assert on_the_ground or on_top


def test_company_comes_as_often_as_asked_and_all_fits_the_frame(corpus):
    scenes = [_scene(corpus, record) for record in corpus.records[:3]]
    faces = {len(scene.faces) for scene in scenes}
    generator = np.random.default_rng(0)

    def alone(share):
        settings = dataclasses.replace(SETTINGS, company=share)
        drawn = [random_scene(scenes, np.ones(3) / 3, generator, settings) for _ in range(40)]
        assert all(np.abs(s.vertices).max() <= LARGEST_VIEW / 2**0.5 + 1e-6 for s in drawn)
        return np.mean([len(s.faces) in faces for s in drawn])

    assert alone(0.0) == 1
    assert alone(1.0) == 0
    assert 0.2 < alone(0.5) < 0.8


def test_photos_are_drawn_once_and_anew_for_other_settings(corpus, folder):
    written = (folder / "photos.npy").stat().st_mtime_ns
    again = draw_photos(corpus, corpus.records[:4], SETTINGS, 32, folder.parent)
    assert again == folder
    assert (folder / "photos.npy").stat().st_mtime_ns == written
    other = dataclasses.replace(SETTINGS, count=2)
    assert draw_photos(corpus, corpus.records[:4], other, 32, folder.parent) != folder


def test_picked_photos_come_with_their_own_cameras_and_normals(folder):
    photos = Photos([folder], 0.0)
    shots = photos.pick(16, np.random.default_rng(0))
    stored = torch.from_numpy(np.load(folder / "photos.npy")).permute(0, 3, 1, 2) / 127.5 - 1
    normals = torch.from_numpy(np.load(folder / "normals.npy")).permute(0, 3, 1, 2) / 127
    poses = np.load(folder / "poses.npy")
    across = torch.tensor([-1.0, 1, 1])[:, None, None]
    flips = 0
    for photo, normal, pose in zip(*shots, strict=True):
        plain = (stored - photo).abs().mean((1, 2, 3))
        flipped = (stored - photo.flip(-1)).abs().mean((1, 2, 3))
        best = int(torch.minimum(plain, flipped).argmin())
        assert float(torch.minimum(plain, flipped)[best]) < 1e-5
        assert poses[best] == pytest.approx(pose.numpy())
        mirrored = bool(flipped[best] < plain[best])
        expected = normals[best].flip(-1) * across if mirrored else normals[best]
        assert torch.allclose(normal, expected, atol=1e-6)
        flips += mirrored
    assert 0 < flips < 16


def test_normals_are_those_of_the_blocks_of_the_photo(folder):
    photos = np.load(folder / "photos.npy")
    normals = np.load(folder / "normals.npy")
    blocks = 32 // NORMAL_BLOCK
    assert normals.shape == (24, blocks, blocks, 3)
    white = (photos == 255).all(-1).reshape(24, blocks, NORMAL_BLOCK, blocks, NORMAL_BLOCK)
    empty = white.all((2, 4))
    assert 0.2 < empty.mean() < 0.95
    assert (normals[empty] == 0).mean() > 0.99


def test_several_folders_are_picked_from_evenly(corpus, folder):
    more = dataclasses.replace(SETTINGS, count=8, yaws=(0.0, 90.0), seed=3)
    other = draw_photos(corpus, corpus.records[:4], more, 32, folder.parent)
    photos = Photos([folder, other], 0.0)
    assert len(photos) == 32
    poses = np.concatenate([np.load(f / "poses.npy") for f in (folder, other)])
    assert np.array_equal(photos.everything().poses.numpy(), poses)
    picked = photos.pick(400, np.random.default_rng(0)).poses.numpy()[:, 0]
    share = np.isin(picked, poses[24:, 0]).mean()
    assert 0.15 < share < 0.35


def test_what_is_recoloured_keeps_its_normals(folder):
    plain = Photos([folder], 0.0).pick(8, np.random.default_rng(1))
    turned = Photos([folder], 1.0).pick(8, np.random.default_rng(1))
    assert torch.equal(plain.normals, turned.normals)
    assert not torch.equal(plain.photos, turned.photos)
    assert torch.equal(plain.photos.sort(1).values, turned.photos.sort(1).values)


@pytest.mark.parametrize("degrees", [-20, 0, 35])
def test_normals_of_the_photo_s_own_camera(corpus, degrees):
    """The front of an upright wall looks down by the camera's elevation, its top faces up."""
    elevation = np.radians(degrees)
    scene = frame_mesh(corpus.mesh(corpus.records[0]))
    _, normal = render_photo_and_normals(scene, Photo(elevation, np.inf), 32)
    world = torch.from_numpy(normal).permute(2, 0, 1)[None]
    both = in_both_frames(world, torch.tensor([elevation], dtype=torch.float32))
    assert torch.equal(both[:, :3], world)
    assert torch.allclose(both[:, 3:].square().sum(1), world[:, 1:].square().sum(1), atol=1e-5)
    # All that is seen faces the camera, but for smooth shading at the rim.
    seen = both[0, 4][world[0].norm(dim=0) > 0.9]
    assert (seen > -0.2).float().mean() > 0.98


def test_the_camera_cannot_be_learned_without_photos():
    with pytest.raises(InputError, match=r"\[\[data.sight\]\]"):
        TrainConfig(task="camera")
    with pytest.raises(InputError, match=r"\[\[data.sight\]\]"):
        TrainConfig(sight_photos=8)
    with pytest.raises(InputError, match="at most 0, not 2"):
        TrainConfig(pose_photos=2)
    TrainConfig(task="camera", data=DataConfig(sight=(PhotoConfig(count=1),)))
