# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The photo's camera, refined by what photo and mesh share."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from era3d.cli import main
from era3d.drawing import draw
from era3d.errors import InputError
from era3d.export import write_glb
from era3d.job import Job, Request
from era3d.lens import lens_of_reference, orbit_lens, reference_of_lens
from era3d.photos.matching import Matches
from era3d.photos.outline import align, depth_inside
from era3d.photos.refine import refine_camera
from era3d.stages.files import write_cameras
from tests.backend.photos.scenes import speckled

TRUTH = orbit_lens("input.png", 8.0, 14.0, 320, 420.0, distance=1.7)
GUESS = orbit_lens("input.png", 0.0, 5.0, 320, 330.0, distance=1.4)


def _turned(lens, other):
    turn = lens.world_to_camera[:3, :3] @ other.world_to_camera[:3, :3].T
    return np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


@pytest.fixture(scope="module")
def mesh():
    return speckled()


@pytest.fixture(scope="module")
def photo(mesh):
    return draw(mesh, TRUTH).picture


def test_the_camera_is_found(mesh, photo):
    pytest.importorskip("pycolmap")
    found = refine_camera(mesh, photo, GUESS)
    assert found.accepted
    assert found.after < 1.0 < found.before
    assert found.lens.fx == pytest.approx(TRUTH.fx, rel=0.02)
    assert _turned(found.lens, TRUTH) < 1.0
    assert np.linalg.norm(found.lens.position - TRUTH.position) < 0.02 * 1.7


def test_a_camera_that_is_right_stays(mesh, photo):
    pytest.importorskip("pycolmap")
    found = refine_camera(mesh, photo, TRUTH)
    assert not found.accepted
    assert found.lens is TRUTH


def test_a_photo_of_something_else_changes_nothing(mesh):
    pytest.importorskip("pycolmap")
    other = draw(speckled(seed=7), TRUTH).picture
    found = refine_camera(mesh, other, GUESS)
    assert not found.accepted
    assert found.lens is GUESS


def test_the_extra_to_install_is_named(mesh, photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(InputError, match=r"pip install 'era3d\[colmap\]'"):
        refine_camera(mesh, photo, GUESS)


def test_a_job_takes_the_better_camera(mesh, photo, tmp_path, capsys):
    pytest.importorskip("pycolmap")
    job = Job.create(tmp_path / "job", Request())
    write_glb(job.path("mesh.glb"), mesh)
    Image.fromarray(photo).save(job.path("input.png"))
    Image.fromarray(photo[..., 3]).save(job.path("alpha.png"))
    write_cameras(job, None)
    assert main(["cameras", "refine", str(job.folder)]) == 2
    assert "knows no camera of its photo" in capsys.readouterr().err
    write_cameras(job, reference_of_lens(replace(GUESS), 32.0))
    assert main(["cameras", "refine", str(job.folder)]) == 0
    assert "fits better" in capsys.readouterr().out
    told = json.loads(job.path("cameras.json").read_text())
    assert lens_of_reference(told["reference"]).fx == pytest.approx(TRUTH.fx, rel=0.02)
    assert len(told["views"]) == 6


def test_the_outline_tells_what_few_features_leave_open(mesh, photo):
    """Twenty inexact matches on one side of a box: a longer lens from farther off fits as well."""
    rng = np.random.default_rng(0)
    seen = draw(mesh, TRUTH, samples=1).position
    side = np.argwhere(np.isfinite(seen[..., 0]) & (seen[..., 1] < seen[..., 1][160, 160] + 0.02))
    row, column = side[rng.choice(len(side), 20, replace=False)].T
    pixel = np.stack([column, row], 1) + 0.5 + rng.normal(0, 1.0, (20, 2))
    matches = Matches(pixel, seen[row, column].astype(float))
    matrix = TRUTH.world_to_camera.copy()
    matrix[2, 3] *= 1.1
    lens = replace(TRUTH, world_to_camera=matrix, fx=1.1 * TRUTH.fx, fy=1.1 * TRUTH.fy)
    depth = depth_inside(photo)
    for _ in range(3):
        lens = align(lens, matches, draw(mesh, lens, samples=1), depth)
    assert lens.fx == pytest.approx(TRUTH.fx, rel=0.02)
    assert _turned(lens, TRUTH) < 1.0
    assert np.linalg.norm(lens.position - TRUTH.position) < 0.02 * 1.7


def test_a_photo_without_a_cut_out_has_no_outline(photo):
    whole = photo.copy()
    whole[..., 3] = 255
    assert depth_inside(whole) is None
    whole[..., 3] = 0
    assert depth_inside(whole) is None
    depth = depth_inside(photo)
    assert ((depth > 0) == (photo[..., 3] > 127)).all()
    assert np.abs(depth).min() == 0.5
