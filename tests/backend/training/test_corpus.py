# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus reader and the split."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from era3d.errors import InputError
from era3d.training.corpus import ColoredMesh, Corpus, families, split_corpus

FOLDER = Path(__file__).parents[2] / "data" / "corpus"
FOOD = "quaternius/Food Pack Vol.1 - May 2016"


@pytest.fixture(scope="module")
def corpus():
    return Corpus(FOLDER)


def test_meshes_fill_their_box_and_point_outside(corpus):
    for record in corpus.records:
        mesh = corpus.mesh(record)
        extent = np.ptp(mesh.vertices, axis=0)
        assert extent.max() == pytest.approx(1, abs=1e-3)
        assert mesh.colors.shape == (*mesh.faces.shape, 3)
        corners = mesh.vertices[mesh.faces].astype(np.float64)
        volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()
        assert volume > 0, record.id


def test_look_alikes_are_one_family(corpus):
    family = dict(zip((r.id for r in corpus.records), families(corpus), strict=True))
    red = family.pop("kenney-starter-kit-racing.vehicle-truck-red")
    purple = family.pop("kenney-starter-kit-racing.vehicle-truck-purple")
    assert red == purple
    assert red not in family.values()


def test_split_leaks_nothing(corpus):
    split = split_corpus(corpus, (FOOD,), 0.25, 0)
    parts = [split.train, split.unseen_packs, split.seen_packs]
    ids = [{record.id for record in part} for part in parts]
    assert all(ids)
    assert ids[0].isdisjoint(ids[1] | ids[2])
    assert ids[1].isdisjoint(ids[2])
    assert {record.pack for record in split.unseen_packs} == {FOOD}
    assert FOOD not in {record.pack for record in split.train + split.seen_packs}
    assert not any("truck" in i for part in ids for i in part)  # reserved, and its look-alike


def test_poses_follow_their_object(tmp_path):
    shutil.copy(FOLDER / "tiny.npz", tmp_path)
    lines = (FOLDER / "index.jsonl").read_text().splitlines()
    pose = json.loads(lines[-1])
    pose["variant_of"] = json.loads(lines[-2])["id"]
    (tmp_path / "index.jsonl").write_text("\n".join([*lines[:-1], json.dumps(pose)]))
    number = families(Corpus(tmp_path))
    assert number[-1] == number[-2]


def test_missing_things_are_named(tmp_path, corpus):
    with pytest.raises(InputError, match=r"index\.jsonl"):
        Corpus(tmp_path)
    shutil.copy(FOLDER / "index.jsonl", tmp_path)
    with pytest.raises(InputError, match=r"tiny\.npz"):
        Corpus(tmp_path)
    with pytest.raises(InputError, match="no pack 'nobody'"):
        split_corpus(corpus, ("nobody",), 0.1, 0)


def test_unusable_meshes_are_refused():
    vertices = np.eye(3, dtype=np.float32)
    faces, colors = np.array([[0, 1, 2]]), np.zeros((1, 3, 3), np.float32)
    with pytest.raises(InputError, match="no faces"):
        ColoredMesh(vertices, faces[:0], colors[:0])
    with pytest.raises(InputError, match="NaN"):
        ColoredMesh(vertices * np.nan, faces, colors)
