# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted here, changed in the folder, both, neither; and the way back to what the model drew."""

from __future__ import annotations

import json

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy
GREEN = (0.0, 1.0, 0.0)


@pytest.fixture
def made(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    return import_job(job, empty_scene)


@pytest.fixture
def front(made):
    from era3d_blender.scene.views import image_of

    return image_of(made.cameras["front"], "color")


def paint(image, color):
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    values[:, :3] = color
    image.pixels.foreach_set(values.ravel())
    image.update()


def exchanged(made, job):
    from era3d_blender.scene.exchange import exchange
    from era3d_blender.scene.views import view_images

    return exchange(view_images(made.root), job)


def color_in(path):
    image = bpy.data.images.load(str(path), check_existing=False)
    color = tuple(np.array(image.pixels[:4])[:3].round(2))
    bpy.data.images.remove(image)
    return color


def test_painted_here_is_written_and_the_original_kept(made, front, job):
    from era3d_blender.scene.originals import original_of
    from era3d_blender.scene.views import is_edited

    drawn = (job / "views/color_front.png").read_bytes()
    assert not is_edited(front)
    paint(front, GREEN)
    assert exchanged(made, job) == ["views/color_front.png"]
    assert color_in(job / "views/color_front.png") == GREEN
    assert original_of(job, "views/color_front.png").read_bytes() == drawn
    assert is_edited(front)
    paint(front, (1.0, 0.0, 0.0))
    assert exchanged(made, job) == ["views/color_front.png"]
    assert original_of(job, "views/color_front.png").read_bytes() == drawn  # not the green one


def test_a_stroke_that_was_undone_writes_nothing(made, front, job):
    before = np.array(front.pixels[:], np.float32)
    paint(front, GREEN)
    front.pixels.foreach_set(before)
    front.update()
    assert front.is_dirty
    written = (job / "views/color_front.png").read_bytes()
    assert exchanged(made, job) == []
    assert (job / "views/color_front.png").read_bytes() == written  # no stage has to run


def test_changed_in_the_folder_is_read(made, front, job):
    image = glyph.view(0)[0]
    image[..., :3] = (0, 0, 255)
    (job / "views/color_front.png").write_bytes(glyph.png(image))
    assert exchanged(made, job) == []
    assert tuple(np.array(front.pixels[:3])) == (0, 0, 1)
    assert front.packed_file


def test_changed_on_both_sides_is_for_the_artist_to_settle(made, front, job):
    from era3d_blender.scene.exchange import read, save
    from era3d_blender.scene.folder import JobFolderError

    image = glyph.view(0)[0]
    image[..., :3] = (0, 0, 255)
    (job / "views/color_front.png").write_bytes(glyph.png(image))
    paint(front, GREEN)
    with pytest.raises(JobFolderError, match=r"color_front\.png was painted here and changed in"):
        exchanged(made, job)
    save(front, job)
    assert color_in(job / "views/color_front.png") == GREEN
    assert exchanged(made, job) == []
    (job / "views/color_front.png").write_bytes(glyph.png(image))
    paint(front, (1.0, 0.0, 0.0))
    assert read(front, job)
    assert tuple(np.array(front.pixels[:3])) == (0, 0, 1)
    assert exchanged(made, job) == []


def test_a_half_deleted_job_gets_its_views_back(made, job):
    drawn = {path.name: path.read_bytes() for path in (job / "views").iterdir()}
    for name in ("color_back.png", "normal_left.png"):
        (job / "views" / name).unlink()
    assert exchanged(made, job) == ["views/color_back.png", "views/normal_left.png"]
    assert {path.name: path.read_bytes() for path in (job / "views").iterdir()} == drawn


def test_reset_takes_back_what_the_model_drew(made, front, job):
    from era3d_blender.scene.views import image_of, is_edited, reset_view

    drawn = (job / "views/color_front.png").read_bytes()
    paint(front, GREEN)
    exchanged(made, job)
    camera = made.cameras["front"]
    fresh = reset_view(camera, "color", job)
    assert image_of(camera, "color") == fresh
    assert not is_edited(fresh)
    assert exchanged(made, job) == ["views/color_front.png"]
    assert (job / "views/color_front.png").read_bytes() == drawn
    assert not is_edited(fresh)


def test_originals_of_views_that_were_drawn_anew_are_forgotten(made, front, job):
    from era3d_blender.scene.originals import keep_original, original_of

    name, path = "views/color_front.png", job / "views/color_front.png"
    keep_original(job, name)
    path.write_bytes(b"painted")
    record = {"stages": {"views": {"input_hash": "another seed"}}}
    (job / "job.json").write_text(json.dumps(record))
    assert original_of(job, name) == path  # the kept one belongs to another seed
    keep_original(job, name)
    assert original_of(job, name).read_bytes() == b"painted"


def test_a_file_in_the_place_of_a_view(made, job, tmp_path):
    from era3d_blender.scene.folder import JobFolderError
    from era3d_blender.scene.views import image_of, replace_view

    camera = made.cameras["back"]
    old = image_of(camera, "normal")
    outline = np.array(old.pixels[:], np.float32)[3::4]
    opaque = np.zeros((300, 200, 3), np.uint8) + np.uint8([0, 0, 255])
    (tmp_path / "my back.png").write_bytes(glyph.png(opaque))
    fresh = replace_view(camera, "normal", tmp_path / "my back.png")
    assert image_of(camera, "normal") == fresh
    assert tuple(fresh.size) == (glyph.SIZE, glyph.SIZE)
    assert fresh.colorspace_settings.is_data
    np.testing.assert_array_equal(np.array(fresh.pixels[:], np.float32)[3::4], outline)
    assert exchanged(made, job) == ["views/normal_back.png"]
    (tmp_path / "text.png").write_text("this is no picture")
    with pytest.raises(JobFolderError, match=r"text\.png is not a picture"):
        replace_view(camera, "normal", tmp_path / "text.png")
    assert image_of(camera, "normal") == fresh


def test_no_link_in_a_strangers_job_leads_a_painted_view_out_of_it(made, front, job, tmp_path):
    from era3d_blender.scene.folder import JobFolderError

    (tmp_path / "elsewhere").mkdir()
    (job / "drawn").symlink_to(tmp_path / "elsewhere")
    paint(front, GREEN)
    with pytest.raises(JobFolderError, match="out of the job folder"):
        exchanged(made, job)
    assert not list((tmp_path / "elsewhere").iterdir())
