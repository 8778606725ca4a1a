# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splats of photographs of one's own, from what the export writes."""

import json

import numpy as np
import pytest
import torch

from era3d.cli import main
from era3d.errors import InputError
from era3d.exports.colmap import export_colmap
from era3d.exports.points import write_points
from era3d.exports.ring import ring_lenses
from era3d.exports.transforms import export_transforms
from era3d.splats import read_splat_ply
from era3d.splats.posed import read_posed
from era3d.splats.render import Parameters, render
from tests.backend.exports.scenes import painted

LENSES = ring_lenses(48, each=4)


@pytest.fixture(scope="module")
def transforms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transforms")
    export_transforms(painted(), folder, lenses=LENSES)
    return folder


def _error(cloud, scene):
    parts = cloud.means, cloud.rotations, cloud.log_scales, cloud.logits
    gaussians, colors = Parameters(*map(torch.tensor, parts)), torch.tensor(cloud.colors())
    pairs = [(render(gaussians, colors, each.lens)[0], each.color) for each in scene.targets]
    return np.mean([float((drawn - wanted).abs().mean()) for drawn, wanted in pairs])


def test_splats_come_to_look_like_the_photographs(transforms, tmp_path):
    errors = []
    for steps in (1, 60):
        orders = ["--images", transforms / "images", "--cameras", transforms / "transforms.json"]
        orders += ["--out", tmp_path / "cloud.ply", "--count", 400, "--steps", steps, "--size", 48]
        assert main(["splats", "fit", *map(str, orders)]) == 0
        scene = read_posed(transforms / "images", transforms / "transforms.json", 48)
        errors.append(_error(read_splat_ply(tmp_path / "cloud.ply"), scene))
    assert errors[1] < 0.5 * errors[0]


def test_colmap_and_transforms_say_the_same(transforms, tmp_path):
    pytest.importorskip("pycolmap")
    export_colmap(painted(), tmp_path, lenses=LENSES)
    one = read_posed(tmp_path / "images", tmp_path, 48)
    other = read_posed(transforms / "images", transforms / "transforms.json", 48)
    assert len(one.targets) == len(other.targets) == 12
    for mine, yours in zip(one.targets, other.targets, strict=True):
        lens, same = mine.lens, yours.lens
        np.testing.assert_allclose(lens.world_to_camera, same.world_to_camera, atol=1e-6)
        assert (lens.name, lens.fx, lens.cx) == pytest.approx((same.name, same.fx, same.cx))
        assert torch.equal(mine.color, yours.color)
        assert mine.alpha is not None
        assert torch.equal(mine.alpha, yours.alpha)


def _change(folder, tmp_path, change):
    told = json.loads((folder / "transforms.json").read_text())
    told["ply_file_path"] = str(folder / "points.ply")
    change(told)
    (tmp_path / "transforms.json").write_text(json.dumps(told))
    return tmp_path / "transforms.json"


def _distort(told):
    told["k1"] = 0.1


def _mirror(told):
    told["frames"][0]["transform_matrix"][0] = [
        -each for each in told["frames"][0]["transform_matrix"][0]
    ]


def _pose(change):
    def changed(told):
        pose = np.array(told["frames"][0]["transform_matrix"])
        change(pose)
        told["frames"][0]["transform_matrix"] = pose.tolist()

    return changed


def _stretch(pose):
    pose[:3, 0] *= 2
    pose[:3, 1] /= 2


def _lose(pose):
    pose[0, 3] = np.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told.update(frames=[]), "has no frames"),
        (_pose(_stretch), "the pose of images/000.png is no rotation"),
        (_pose(_lose), "the pose of images/000.png is no rotation"),
        (_pose(lambda pose: pose.fill(0)), "the pose of images/000.png is no rotation"),
        (_distort, "is distorted; undistort"),
        (_mirror, "the pose of images/000.png is no rotation"),
        (lambda told: told.update(fl_x=0), "000.png has a focal length or size of nothing"),
        (lambda told: told.update(h=0), "000.png has a focal length or size of nothing"),
        (lambda told: told.pop("ply_file_path"), "holds no points"),
        (lambda told: told["frames"][3].update(file_path="images/x.png"), "x.png is missing"),
        (lambda told: told["frames"][3].pop("transform_matrix"), "'transform_matrix'"),
    ],
)
def test_what_is_wrong_is_named(transforms, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        read_posed(transforms / "images", _change(transforms, tmp_path, change), 48)


def test_an_empty_colmap_folder_is_refused(tmp_path):
    pytest.importorskip("pycolmap")
    with pytest.raises(InputError, match="holds no COLMAP model"):
        read_posed(tmp_path, tmp_path, 48)


COLMAP = {
    "cameras": "1 PINHOLE 64 64 80 80 32 32",
    "images": "1 1 0 0 0 0 0 2 1 a.png\n\n",
    "points3D": "\n".join(f"{k} {k} 0 0 10 10 10 0.1" for k in range(1, 6)),
}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images", "1 0 0 0 0 0 0 2 1 a.png\n\n", "the pose of a.png is no rotation"),
        ("images", "1 1 0 0 0 nan 0 2 1 a.png\n\n", "cannot be read as a COLMAP model"),
        ("images", "nonsense\n\n", "cannot be read as a COLMAP model"),
        ("images", "", "holds no cameras"),
        ("cameras", "1 PINHOLE 64 64 0 80 32 32", "a.png has a focal length or size of nothing"),
        ("cameras", "1 OPENCV 64 64 80 80 32 32 0 0 0 0", "a camera OPENCV; undistort"),
        ("points3D", "", "holds no points to begin with"),
    ],
)
def test_what_is_wrong_with_a_colmap_model_is_named(tmp_path, name, content, message):
    pytest.importorskip("pycolmap")
    for file, good in COLMAP.items():
        (tmp_path / f"{file}.txt").write_text(content if file == name else good)
    with pytest.raises(InputError, match=message):
        read_posed(tmp_path, tmp_path, 48)


def test_a_broken_binary_model_is_refused(tmp_path):
    pytest.importorskip("pycolmap")
    for file in COLMAP:
        (tmp_path / f"{file}.bin").write_bytes(b"nothing of a model")
    with pytest.raises(InputError, match="cannot be read as a COLMAP model"):
        read_posed(tmp_path, tmp_path, 48)


def test_points_that_are_no_numbers_are_refused(transforms, tmp_path):
    path = _change(transforms, tmp_path, lambda told: told.update(ply_file_path="points.ply"))
    places = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, np.nan]])
    write_points(tmp_path / "points.ply", places, np.zeros((4, 3), np.uint8))
    with pytest.raises(InputError, match="points whose place is no number"):
        read_posed(transforms / "images", path, 48)
