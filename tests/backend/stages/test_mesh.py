# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request says of the mesh reaches the mesh; what the views lack reaches the user."""

import numpy as np
import pytest

from era3d.cameras import VIEWS
from era3d.job import Job, Request
from era3d.mesh import read_ply
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
