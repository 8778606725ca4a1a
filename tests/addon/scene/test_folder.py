# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job folders, a stranger's among them."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("bpy")
from era3d_blender.scene.folder import JobFolderError, inside, looks_like_job, read_job

pytestmark = pytest.mark.bpy
OUTSIDE = ("../a.png", "views/../../a.png", "/etc/passwd", "C:/a.png", "..\\a.png", "//host/a", "")


def change(job, **values):
    cameras = json.loads((job / "cameras.json").read_text())
    cameras.update(values)
    (job / "cameras.json").write_text(json.dumps(cameras))


def test_a_finished_job(job):
    read = read_job(job)
    assert [view.name for view in read.views][:2] == ["front", "front_right"]
    assert read.views[2].matrix_world[:3, 3] == pytest.approx([1.5, 0, 0])
    assert (read.model, read.seed, read.reference) == ("mini", 7, None)
    assert json.loads(read.versions) == {"era3d": "0.1.0"}
    assert looks_like_job(job)


@pytest.mark.parametrize("name", [*OUTSIDE, None, 5, "a\0b"])
def test_no_name_leads_out_of_the_folder(job, name):
    with pytest.raises(JobFolderError):
        inside(job, name)


def test_no_link_leads_out_of_the_folder(job, tmp_path):
    (tmp_path / "secret.png").write_bytes((job / "texture.png").read_bytes())
    (job / "views/color_front.png").unlink()
    (job / "views/color_front.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(JobFolderError, match="out of the job folder"):
        read_job(job)


@pytest.mark.parametrize("missing", ["texture.png", "cameras.json", "views/normal_back.png"])
def test_an_unfinished_job_names_what_is_missing(job, missing):
    (job / missing).unlink()
    with pytest.raises(JobFolderError, match=missing):
        read_job(job)


def test_a_job_that_stopped_at_its_views(job):
    (job / "mesh.glb").unlink()
    read = read_job(job)
    assert (read.mesh, read.texture) == (None, None)
    assert len(read.views) == 6


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", "[" * 100_000, "nul"])
def test_broken_cameras(job, text):
    (job / "cameras.json").write_text(text)
    with pytest.raises(JobFolderError, match=r"cameras\.json"):
        read_job(job)


@pytest.mark.parametrize(
    "views",
    [None, [], "front", [None], [{}], [{"image": "views/color_front.png", "ortho_scale": 0}]],
)
def test_broken_views(job, views):
    change(job, views=views)
    with pytest.raises(JobFolderError):
        read_job(job)


@pytest.mark.parametrize("value", [float("nan"), "x", [[1, 2], [3]], np.eye(3).tolist(), None])
def test_broken_numbers(job, value):
    views = json.loads((job / "cameras.json").read_text())["views"]
    views[3]["matrix_world"] = value
    change(job, views=views)
    with pytest.raises(JobFolderError, match="broken numbers"):
        read_job(job)


@pytest.mark.parametrize("name", ["cameras.json", "request.json"])
def test_a_job_of_a_newer_version_is_refused(job, name):
    document = json.loads((job / name).read_text())
    (job / name).write_text(json.dumps(document | {"schema_version": 2}))
    with pytest.raises(JobFolderError, match="newer"):
        read_job(job)


def test_no_folder(tmp_path):
    with pytest.raises(JobFolderError, match="no job folder"):
        read_job(tmp_path / "nothing")
