# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage that follows where splats are asked for."""

import json

import numpy as np
import pytest

from era3d.errors import InputError
from era3d.job import Job, Request
from era3d.mesh import write_ply
from era3d.splats import read_splat_ply
from era3d.stages import run, stages_of
from era3d.stages.files import store_views
from era3d.stages.splats import SPLATS
from era3d.stages.stage import Report
from era3d.stages.texture import TEXTURE
from tests.backend.texture.scenes import sphere, views_of


@pytest.mark.parametrize("texture", ["atlas", "vertex"])
def test_a_job_gets_its_splats(tmp_path, texture, monkeypatch):
    monkeypatch.setattr("era3d.splats.reconstruct._STEPS", 12)
    mesh = sphere(cuts=3)
    request = Request(source="views", texture=texture, texture_size=64, splats=True)
    job = Job.create(tmp_path / "job", request)
    store_views(job, views_of(mesh, lambda p: 0.5 + p / 0.8, 32))
    write_ply(job.path("surface.ply"), mesh)
    log = job.events()
    TEXTURE.work(job, Report(log, "texture"))
    details = SPLATS.work(job, Report(log, "splats"))
    log.close()
    cloud = read_splat_ply(job.path("splats.ply"))
    assert details["gaussians"] == len(cloud) > 100
    off = np.abs(np.linalg.norm(cloud.means, axis=1) - 0.35)
    assert np.median(off) < 0.5 / 32  # half a pixel of the views
    assert off.max() < 0.1
    events = [json.loads(line) for line in job.path("events.jsonl").read_text().splitlines()]
    last = [event for event in events if event["stage"] == "splats"][-1]
    assert last["step"] == last["of"]


def test_only_jobs_that_ask_for_splats_have_the_stage():
    asked = [stage.name for stage in stages_of(Request(splats=True))]
    assert asked == ["prepare", "views", "mesh", "texture", "splats"]
    assert [stage.name for stage in stages_of(Request(splats=True), last="mesh")] == asked[:3]
    assert "splats" not in [stage.name for stage in stages_of(Request())]
    with pytest.raises(InputError, match="no stage splats"):
        stages_of(Request(), last="splats")


def test_the_splats_need_the_mesh(tmp_path):
    job = Job.create(tmp_path / "job", Request(source="views", splats=True))
    with pytest.raises(InputError, match=r"mesh\.glb is missing"):
        run(job, again_from="splats")
