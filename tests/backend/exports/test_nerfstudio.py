# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""transforms.json through nerfstudio's own parser, which its trainers read it with.

nerfstudio brings over a hundred packages, so it is no requirement of the tests: ``make test-peers``
installs its parser alone with the few that it imports, and runs this; elsewhere it is skipped.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from era3d.exports.ring import ring_lenses
from era3d.exports.transforms import export_transforms
from tests.backend.exports.scenes import painted

RADIUS = 0.35
SIZE = 96
LENSES = ring_lenses(SIZE, each=4)


@pytest.fixture(scope="module")
def config():
    name = "nerfstudio.data.dataparsers.nerfstudio_dataparser"
    return pytest.importorskip(name, exc_type=ImportError).NerfstudioDataParserConfig()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("nerfstudio") / "ball"
    export_transforms(painted(), made, lenses=LENSES)
    return made


def test_cameras_are_the_exported_ones(config, folder):
    as_told = {"orientation_method": "none", "center_method": "none", "auto_scale_poses": False}
    config = replace(config, data=folder, eval_mode="all", **as_told)
    parsed = config.setup().get_dataparser_outputs("train")
    assert [path.name for path in parsed.image_filenames] == [lens.name for lens in LENSES]
    for index, lens in enumerate(LENSES):
        camera = parsed.cameras[index]
        np.testing.assert_allclose(camera.camera_to_worlds, lens.matrix_world[:3], atol=1e-6)
        numbers = camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height
        wanted = lens.fx, lens.fy, lens.cx, lens.cy, lens.width, lens.height
        assert [float(each) for each in numbers] == pytest.approx(wanted)


def test_its_rays_meet_the_surface_where_the_pictures_show_it(config, folder):
    """With the settings that trainers use: poses turned, centred and scaled."""
    parsed = replace(config, data=folder, eval_mode="all").setup().get_dataparser_outputs("train")
    turn = parsed.dataparser_transform.numpy()
    for index, (picture, mask) in enumerate(
        zip(parsed.image_filenames, parsed.mask_filenames, strict=True)
    ):
        rays = parsed.cameras.generate_rays(torch.tensor([[index]]), keep_shape=True)
        origin = rays.origins.reshape(-1, 3).numpy() / parsed.dataparser_scale
        direction = rays.directions.reshape(-1, 3).numpy()
        hit, met = _on_ball((origin - turn[:, 3]) @ turn[:, :3], direction @ turn[:, :3])
        covered = np.asarray(Image.open(mask)).reshape(-1)
        assert (met == (covered > 127)).mean() > 0.99
        color = np.asarray(Image.open(picture), float).reshape(-1, 3)
        inside = met & (covered == 255)
        # Red grows to the right of the front view, green upward.
        wanted = 125 + 210 * hit[inside][:, [0, 2]]
        assert np.abs(color[inside][:, :2] - wanted).mean() < 3


def _on_ball(origin, direction):
    """Where rays first meet the ball, and whether they do."""
    along = -(origin * direction).sum(axis=1)
    closest = origin + along[:, None] * direction
    left = RADIUS**2 - (closest**2).sum(axis=1)
    return closest - np.sqrt(left.clip(min=0))[:, None] * direction, left > 0
