# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last stage: which files it leaves, and that none of another request stay behind."""

import numpy as np
import pytest
from PIL import Image

from era3d.export import read_glb
from era3d.job import Job, Request
from era3d.mesh import write_ply
from era3d.stages.files import store_views
from era3d.stages.stage import Report
from era3d.stages.texture import TEXTURE
from era3d.texture import ColoredMesh, TexturedMesh
from era3d_blender.scene import glb
from tests.backend.texture.scenes import sphere, views_of


@pytest.fixture
def texture(tmp_path):
    """Run the stage in a job folder with the request's settings; returns the job."""
    mesh = sphere(cuts=3)
    views = views_of(mesh, lambda p: 0.5 + p / 0.8, 128)

    def run(**settings) -> Job:
        request = Request(source="views", texture_size=128, **settings)
        job = Job.create(tmp_path / "job", request)
        store_views(job, views)
        write_ply(job.path("surface.ply"), mesh)
        log = job.events()
        TEXTURE.work(job, Report(log, "texture"))
        log.close()
        made = {"mesh.glb", "texture.png", "coverage.png", "normal_map.png"}
        there = {name for name in made if job.path(name).is_file()}
        assert there == set(TEXTURE.outputs(request))
        return job

    return run


def test_an_atlas_comes_with_its_coverage(texture):
    job = texture()
    painted = read_glb(job.path("mesh.glb"))
    assert isinstance(painted, TexturedMesh)
    np.testing.assert_array_equal(np.asarray(Image.open(job.path("texture.png"))), painted.image)
    assert Image.open(job.path("coverage.png")).size == (128, 128)


def test_a_normal_map_only_where_it_is_asked_for(texture):
    job = texture(normal_map=True)
    painted = read_glb(job.path("mesh.glb"))
    stored = np.asarray(Image.open(job.path("normal_map.png")))
    np.testing.assert_array_equal(painted.normal_map, stored)
    texture(normal_map=False)


def test_vertex_colours_leave_no_pictures(texture):
    texture(normal_map=True)
    painted = read_glb(texture(texture="vertex").path("mesh.glb"))
    assert isinstance(painted, ColoredMesh)
    assert len(painted.vertices) == len(sphere(cuts=3).vertices)


@pytest.mark.parametrize("settings", [{}, {"normal_map": True}, {"texture": "vertex"}])
def test_the_add_on_reads_what_is_written(texture, settings):
    read = glb.read_glb(texture(**settings).path("mesh.glb"))
    mesh = sphere(cuts=3)
    assert len(read.vertices) == len(mesh.vertices)
    assert len(read.faces) == len(mesh.faces)


def test_settings_that_change_the_result_change_the_hash():
    def settings(**asked):
        return TEXTURE.settings(Request(source="views", **asked))

    for asked in ({"texture": "vertex"}, {"normal_map": True}, {"view_weights": (0.0,) * 6}):
        assert settings(**asked) != settings()
    assert settings(texture="vertex", texture_size=64) == settings(texture="vertex")
