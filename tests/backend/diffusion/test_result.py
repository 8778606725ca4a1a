# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages after the model get, from output made by hand."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from era3d.diffusion.pose import pose_of
from era3d.diffusion.result import GeneratedViews, views_of
from era3d.diffusion.schedules import Sampling
from era3d.prepare import Crop


def generated(*poses):
    """Return a disc whose upper half is red and whose normals face the viewer."""
    rows, columns = np.mgrid[:32, :32]
    disc = ((rows - 15.5) ** 2 + (columns - 15.5) ** 2 < 144)[..., None]
    red_over_blue = np.where(rows[..., None] < 16, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    color = np.where(disc, red_over_blue, 1.0).astype(np.float32)
    normal = np.where(disc, [0.5, 0.5, 1.0], 1.0).astype(np.float32)
    elevations, focals = zip(*poses, strict=True) if poses else ((), ())
    six = (6, 1, 1, 1)
    return GeneratedViews(np.tile(color, six), np.tile(normal, six), elevations, focals, Sampling())


@pytest.mark.parametrize("size", [32, 128])
def test_views_are_enlarged_and_cut_out(size):
    views, middle = views_of(generated(), size), size // 2
    assert views.size == size
    assert views.normal[2, middle, middle].tolist() == [128, 128, 255, 255]
    assert views.normal[2, 2, 2, 3] == 0
    assert views.color[5, size // 4, middle, :3].tolist() == [255, 0, 0], "red on top"
    assert np.array_equal(views.color[..., 3], views.normal[..., 3])
    share = (views.normal[0, ..., 3] > 127).mean()
    assert share == pytest.approx(math.pi * 144 / 32**2, rel=0.03)


def test_the_pose_is_the_mean_over_steps():
    pose = pose_of(generated((math.radians(10), 0.4), (math.radians(20), 0.6)))
    assert pose.elevation_degrees == pytest.approx(15)
    assert pose.elevation_spread == pytest.approx(5)
    assert pose.focal_mm == pytest.approx(48)
    assert not pose.orthographic
    assert json.loads(json.dumps(pose.as_dict())) == pose.as_dict()
    assert pose_of(generated()) is None


@pytest.mark.parametrize("focal", [0.0, -1.0])
def test_the_longest_lens_stands_for_orthographic(focal):
    pose = pose_of(generated((0.0, focal)))
    assert pose.orthographic
    assert pose.focal_mm == pytest.approx(240)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_reference_camera_puts_the_object_over_the_photo(scale):
    """The world's origin lies on the subject's centre, and its 0.82 units span the crop."""
    side = 420 // scale
    crop = Crop((100, 50, 100 + side, 50 + side), (420, 420), (46, 46), (1000, 600))
    pose = pose_of(generated((math.radians(20), 0.48)))
    camera = pose.reference_camera(json.loads(json.dumps(asdict(crop))))
    to_camera = np.linalg.inv(np.array(camera["matrix_world"]))

    def project(point):
        x, y, z = (to_camera @ [*point, 1.0])[:3]
        pixels = 1000 * camera["lens_mm"] / camera["sensor_mm"] / -z
        shift = [1000 * s for s in camera["shift"]]
        return 500 + pixels * x - shift[0], 300 - pixels * y + shift[1]

    assert project((0, 0, 0)) == pytest.approx((100 + side / 2, 50 + side / 2))
    half = 420 / 512 / 2
    assert project((half, 0, 0))[0] - project((-half, 0, 0))[0] == pytest.approx(side)
    assert camera["matrix_world"][2][3] > 0, "seen from above"
