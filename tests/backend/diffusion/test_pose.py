# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The photo's camera: from estimates, and from photos of objects that are known."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from era3d import raster
from era3d.diffusion.pose import Pose, object_cells, pose_of
from era3d.prepare import Crop, frame_subject
from era3d.training.corpus import Corpus
from era3d.training.render import frame_mesh, render_targets
from era3d.views import Views
from tests.backend.diffusion.test_result import generated
from tests.backend.sphere import RADIUS, sphere_views

CORPUS = Path(__file__).parents[2] / "data" / "corpus"


def test_the_pose_is_the_mean_over_steps():
    pose = pose_of(generated((math.radians(10), 0.4), (math.radians(20), 0.6)))
    assert pose.elevation_degrees == pytest.approx(15)
    assert pose.elevation_spread == pytest.approx(5)
    assert pose.focal_mm == pytest.approx(48)
    assert pose.focal_spread == pytest.approx(24 / 0.5**2 * 0.1)
    assert not pose.orthographic
    assert json.loads(json.dumps(pose.as_dict())) == pose.as_dict()
    assert pose_of(generated()) is None


@pytest.mark.parametrize("focal", [0.0, -1.0])
def test_the_longest_lens_stands_for_orthographic(focal):
    pose = pose_of(generated((0.0, focal)))
    assert pose.orthographic
    assert pose.focal_mm == pytest.approx(240)


def test_the_object_s_extent_comes_from_the_silhouettes():
    cells = object_cells(sphere_views(128))
    for axis in range(3):
        assert cells[:, axis].min() == pytest.approx(-RADIUS, abs=0.01)
        assert cells[:, axis].max() == pytest.approx(RADIUS, abs=0.01)


def test_silhouettes_that_contradict_each_other_have_no_extent():
    nothing = np.zeros((6, 32, 32, 4), np.uint8)
    assert not len(object_cells(Views(nothing, nothing)))
    views = sphere_views(32)
    views.normal[0, ..., 3] = 0
    assert len(object_cells(views)), "one view may be wrong"


@pytest.mark.parametrize("scale", [1, 2])
def test_without_an_object_the_crop_alone_decides(scale):
    """The world's origin lies on the subject's centre, and its 0.82 units span the crop."""
    side = 420 // scale
    crop = Crop((100, 50, 100 + side, 50 + side), (420, 420), (46, 46), (1000, 600))
    pose = pose_of(generated((math.radians(20), 0.48)))
    camera = pose.reference_camera(json.loads(json.dumps(asdict(crop))), np.zeros((0, 3)))
    half = 420 / 512 / 2
    origin, left, right = seen_by(camera, [[0, 0, 0], [-half, 0, 0], [half, 0, 0]])[:, :2]
    assert origin == pytest.approx((100 + side / 2, 50 + side / 2))
    assert right[0] - left[0] == pytest.approx(side)
    assert camera["matrix_world"][2][3] > 0, "seen from above"


def seen_by(camera, points) -> np.ndarray:
    """Columns, rows and distances of world points in the photo, as Blender's camera has them."""
    width, height = camera["resolution"]
    longer = max(width, height)
    to_camera = np.linalg.inv(np.array(camera["matrix_world"]))
    x, y, z = (np.c_[points, np.ones(len(points))] @ to_camera.T)[:, :3].T
    pixels = longer * camera["lens_mm"] / camera["sensor_mm"] / -z
    column = width / 2 + pixels * x - longer * camera["shift"][0]
    row = height / 2 - pixels * y + longer * camera["shift"][1]
    return np.stack([column, row, -z], 1)


def silhouette(camera, scene) -> np.ndarray:
    """Which pixels of the photo a camera sees the object in."""
    seen = seen_by(camera, scene.vertices)
    seen[:, 2] = -1 / seen[:, 2]  # linear in the image
    triangles = torch.from_numpy(seen[scene.faces])
    width, height = camera["resolution"]
    return (raster.rasterize(triangles, height, width).face >= 0).numpy()


def known_camera(elevation, lens_mm) -> dict:
    """Where the model's training has a camera of that lens, zoomed and shifted off the middle."""
    sin, cos = math.sin(math.radians(elevation)), math.cos(math.radians(elevation))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[1, 0, 0], [0, sin, cos], [0, -cos, sin]]).T
    matrix[:3, 3] = lens_mm / 32 * matrix[:3, 2]
    return {
        "resolution": [480, 360],
        "lens_mm": 0.6 * lens_mm,
        "sensor_mm": 32.0,
        "shift": [0.12, -0.05],
        "matrix_world": matrix.tolist(),
    }


def overlap(scene, points, elevation, lens_mm) -> float:
    """Photograph an object, crop it, find the camera again, and look through it."""
    true = known_camera(elevation, lens_mm)
    alpha = silhouette(true, scene)
    photo = np.dstack([np.full((*alpha.shape, 3), 90), alpha * 255]).astype(np.uint8)
    _, crop = frame_subject(Image.fromarray(photo))
    pose = Pose(elevation, 0.0, lens_mm, 0.0, orthographic=False)
    camera = pose.reference_camera(json.loads(json.dumps(asdict(crop))), points)
    assert camera["resolution"] == true["resolution"]
    again = silhouette(camera, scene)
    return (alpha & again).sum() / (alpha | again).sum()


@pytest.fixture(scope="module")
def objects():
    corpus = Corpus(CORPUS)
    return [frame_mesh(corpus.mesh(record)) for record in corpus.records[:5]]


poses = pytest.mark.parametrize(
    ("elevation", "lens_mm"), [(e, lens) for e in (-10, 0, 15, 30) for lens in (35, 85, 135)]
)


@poses
def test_the_object_lies_over_the_photo(objects, elevation, lens_mm):
    for scene in objects:
        assert overlap(scene, scene.vertices, elevation, lens_mm) > 0.9


@pytest.fixture(scope="module")
def car(objects):
    """A compact object, and what six silhouettes tell of it."""
    targets = render_targets(objects[0], 128)
    maps = np.concatenate([targets.normal, targets.alpha[..., None]], -1)
    return objects[0], object_cells(Views(*[np.round(maps * 255).astype(np.uint8)] * 2))


@poses
def test_silhouettes_stand_in_for_the_object(car, elevation, lens_mm):
    """Those of a car do. Those of a plant do not: only its mesh will."""
    assert overlap(*car, elevation, lens_mm) > 0.85
