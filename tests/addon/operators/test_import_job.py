# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import as an operator: the active object, messages, one undo step."""

from __future__ import annotations

import json

import pytest

bpy = pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy


def test_the_mesh_is_selected_and_active(empty_scene, job):
    assert bpy.ops.era3d.import_job(directory=str(job)) == {"FINISHED"}
    assert bpy.context.active_object.name == "letter"
    assert [thing.name for thing in bpy.context.selected_objects] == ["letter"]


def test_of_views_alone_the_root_is_active(empty_scene, job):
    (job / "mesh.glb").unlink()
    assert bpy.ops.era3d.import_job(directory=str(job)) == {"FINISHED"}
    assert bpy.context.active_object.name == "letter root"
    assert bpy.ops.era3d.look_through(view="left") == {"FINISHED"}


def test_look_through_a_view(empty_scene, job):
    bpy.ops.era3d.import_job(directory=str(job))
    assert bpy.ops.era3d.look_through(view="left") == {"FINISHED"}
    assert empty_scene.camera.name == "letter left"
    hidden = {thing.name for thing in bpy.data.objects if thing.hide_get()}
    assert len(hidden) == 5
    assert "letter left" not in hidden
    assert bpy.ops.era3d.show_cameras() == {"FINISHED"}
    assert not any(thing.hide_get() for thing in bpy.data.objects)
    with pytest.raises(RuntimeError, match="no camera above"):
        bpy.ops.era3d.look_through(view="above")


def test_one_undo_step(empty_scene, job):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.era3d.import_job("EXEC_DEFAULT", True, directory=str(job))
    assert len(bpy.data.objects) == 8
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    assert "letter" not in bpy.data.collections
    bpy.ops.ed.redo()
    assert len(bpy.data.objects) == 8


def test_a_stranger_gets_a_sentence_and_nothing_is_left(empty_scene, job, tmp_path):
    (tmp_path / "secret.png").write_bytes((job / "texture.png").read_bytes())
    cameras = json.loads((job / "cameras.json").read_text())
    cameras["views"][0]["image"] = "../secret.png"
    (job / "cameras.json").write_text(json.dumps(cameras))
    with pytest.raises(RuntimeError, match=r"points out of the job folder: \.\./secret\.png"):
        bpy.ops.era3d.import_job(directory=str(job))
    assert not bpy.data.objects
    assert not bpy.data.images


def test_nothing_in_a_job_folder_is_run(empty_scene, job):
    """Neither drivers that need Python nor text blocks come with an import."""
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    (job / "run.py").write_text("raise SystemExit('run!')")
    bpy.ops.era3d.import_job(directory=str(job))
    assert not bpy.data.texts
    camera = bpy.data.objects["letter front"].data
    driver = camera.animation_data.drivers[0].driver
    assert driver.is_simple_expression
    assert driver.is_valid


def test_not_in_edit_mode(empty_scene, job):
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.era3d.import_job.poll()
