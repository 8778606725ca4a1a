# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs of the result with their cameras: COLMAP's model and transforms.json."""

import json
import sys

import numpy as np
import pytest
from PIL import Image
from plyfile import PlyData

from era3d.errors import InputError
from era3d.exports.colmap import export_colmap
from era3d.exports.ring import ring_lenses
from era3d.exports.transforms import export_transforms
from tests.backend.exports.scenes import colored, painted

LENSES = ring_lenses(96, each=4)


def test_the_colmap_model_is_what_its_pictures_show(tmp_path):
    pycolmap = pytest.importorskip("pycolmap")
    export_colmap(painted(), tmp_path, lenses=LENSES)
    model = pycolmap.Reconstruction(tmp_path / "sparse" / "0")
    assert model.num_reg_images() == 12
    assert model.num_points3D() > 1000
    assert model.compute_mean_reprojection_error() < 0.5
    for image in model.images.values():
        picture = np.asarray(Image.open(tmp_path / "images" / image.name))
        points = [each for each in image.points2D if each.has_point3D()]
        column, row = np.array([each.xy for each in points]).astype(int).T
        wanted = np.array([model.points3D[each.point3D_id].color for each in points])
        assert np.median(np.abs(picture[row, column].astype(int) - wanted)) < 6
        mask = np.asarray(Image.open(tmp_path / "masks" / f"{image.name}.png"))
        assert (mask[row, column] > 127).mean() > 0.95
        assert mask[0, 0] == 0


def test_transforms_place_the_points_inside_the_masks(tmp_path):
    export_transforms(colored(), tmp_path, lenses=LENSES)
    told = json.loads((tmp_path / "transforms.json").read_text())
    assert (told["w"], told["h"]) == Image.open(tmp_path / "images" / "000.png").size
    rows = PlyData.read(str(tmp_path / told["ply_file_path"]))["vertex"]
    points = np.stack([rows["x"], rows["y"], rows["z"], np.ones(len(rows.data))], 1)
    for frame in told["frames"]:
        # OpenGL's axes: x right, y up, looking along -z.
        x, y, z, _ = np.linalg.inv(np.array(frame["transform_matrix"])) @ points.T
        column = (told["fl_x"] * x / -z + told["cx"]).astype(int)
        row = (told["fl_y"] * -y / -z + told["cy"]).astype(int)
        mask = np.asarray(Image.open(tmp_path / frame["mask_path"]))
        assert (mask[row, column] > 0).mean() > 0.97
        assert (tmp_path / frame["file_path"]).is_file()
    assert [each["name"] for each in told["orthographic_frames"]][:2] == ["front", "front_right"]


def test_the_extra_to_install_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(InputError, match=r"pip install 'era3d\[colmap\]'"):
        export_colmap(painted(), tmp_path, lenses=LENSES)
