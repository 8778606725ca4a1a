# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job in the formats of others, by the command line."""

import pytest

from era3d.cli import main
from era3d.export import write_glb
from era3d.job import Job, Request
from tests.backend.exports.scenes import painted


@pytest.fixture
def job(tmp_path):
    made = Job.create(tmp_path / "ball", Request(source="views"))
    write_glb(made.path("mesh.glb"), painted())
    return made.folder


@pytest.mark.parametrize(
    ("name", "file"), [("gltf", "ball.glb"), ("obj", "ball.obj"), ("stl", "ball.stl")]
)
def test_the_mesh_lies_beside_the_job(job, name, file, capsys):
    assert main(["export", str(job), "--format", name]) == 0
    assert (job.parent / file).stat().st_size > 1000
    assert file in capsys.readouterr().out


def test_a_folder_in_use_is_left_alone(job, tmp_path, capsys):
    (tmp_path / "ball_transforms").mkdir()
    (tmp_path / "ball_transforms" / "mine.txt").write_text("mine")
    assert main(["export", str(job), "--format", "transforms"]) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_a_job_without_a_mesh_says_so(job, capsys):
    (job / "mesh.glb").unlink()
    assert main(["export", str(job), "--format", "obj"]) == 2
    assert "has no mesh.glb yet" in capsys.readouterr().err
