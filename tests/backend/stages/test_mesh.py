# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request says of the mesh reaches the mesh; what the views lack reaches the user."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from era3d.cameras import VIEWS, reference_camera
from era3d.diffusion.pose import Pose
from era3d.job import Job, Request
from era3d.mesh import read_ply
from era3d.prepare.frame import Crop
from era3d.stages import run, store_views, write_cameras
from era3d.stages.mesh import MESH
from era3d.views import Views
from tests.backend.sphere import RADIUS, sphere_views

WITHOUT_BACK = tuple(0.0 if view == "back" else 1.0 for view in VIEWS)


@pytest.mark.parametrize(
    "change", [{"method": "hull"}, {"cells": 64}, {"faces": 500}, {"view_weights": WITHOUT_BACK}]
)
def test_whatever_changes_the_mesh_is_part_of_its_hash(change):
    assert MESH.settings(Request(**change)) != MESH.settings(Request())


def test_what_does_not_is_not():
    assert MESH.settings(Request(seed=1, texture_size=64)) == MESH.settings(Request())


def test_method_weights_and_warnings_of_a_job(tmp_path):
    views = sphere_views(64)
    normal = views.normal.copy()
    normal[VIEWS.index("left")] = 0
    normal[VIEWS.index("back"), :, :20] = 0
    settings = {"method": "hull", "view_weights": WITHOUT_BACK, "texture": "vertex"}
    job = Job.create(tmp_path / "job", Request(source="views", faces=5000, **settings))
    store_views(job, Views(views.color, normal))
    write_cameras(job, None)
    run(job)
    mesh = read_ply(job.path("surface.ply"))
    # The back view would have cut it.
    assert mesh.vertices[:, 0].max() == pytest.approx(RADIUS, abs=0.02)
    told = Job(job.folder).details("mesh")["warnings"]
    assert len(told) == 1
    assert "left shows no object" in told[0]
    assert np.ptp(mesh.vertices[:, 2]) == pytest.approx(2 * RADIUS, abs=0.02)


def test_the_photos_camera_is_moved_to_where_the_mesh_fills_the_subjects_box(tmp_path):
    """A ball that fills the middle of the photo, seen from afar: its radius tells the scale."""
    job = Job.create(tmp_path / "job", Request(source="views", method="hull", texture="vertex"))
    store_views(job, sphere_views(64))
    crop = Crop((100, 50, 300, 250), (420, 420), (46, 46), (400, 300))
    pose = Pose(10.0, 0.0, 2400.0, 0.0, orthographic=False)
    job.record("prepare", {"crop": asdict(crop)}, {})
    job.record("views", {"pose": pose.as_dict()}, {})
    run(Job(job.folder))
    found = json.loads(job.path("cameras.json").read_text())["reference"]
    scale = 2 * RADIUS / 200
    wanted = reference_camera(np.radians(10.0), 2400.0, (400, 300), (200, 150), scale)
    assert found["resolution"] == [400, 300]
    assert found["lens_mm"] == pytest.approx(wanted["lens_mm"], rel=0.04)
    assert found["shift"] == pytest.approx(wanted["shift"], abs=0.02)
