# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate from scripts and as the panel does, with a backend that behaves or does not."""

from __future__ import annotations

import time
from dataclasses import replace

import glyph
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "my cat.png"
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    return path


def generate(picture, tmp_path, **options):
    return bpy.ops.era3d.generate(filepath=str(picture), directory=str(tmp_path / "job"), **options)


def follow(seconds=20.0):
    """Tick as Blender's timers would with a window."""
    from era3d_blender import jobs

    until = time.monotonic() + seconds
    while jobs._tick() is not None:
        assert time.monotonic() < until, "the job did not end"
        time.sleep(0.01)
    return jobs.current


def start_polled(picture, tmp_path, grace=5.0):
    """Start a job the way invoke() does; in background Blender runs execute() instead."""
    from era3d_blender import backend, jobs
    from era3d_blender.client.environment import (
        Generation,
        find_python,
        generate_order,
        local_worker,
    )

    job = tmp_path / "polled"
    job.mkdir()
    order = generate_order(Generation(picture), job)
    jobs.start(replace(backend.supervisor(local_worker(find_python()), order, job), grace=grace))


def test_a_job_from_a_script(empty_scene, backend, picture, tmp_path):
    backend("good")
    assert generate(picture, tmp_path, seed=5, quality="draft") == {"FINISHED"}
    assert len([thing for thing in bpy.data.objects if thing.type == "CAMERA"]) == 6
    assert bpy.context.active_object.type == "MESH"
    log = (tmp_path / "job/log.txt").read_text()
    assert '"command": "generate"' in log
    assert '"request": {"model": "mini", "seed": 5, "quality": "draft",' in log
    assert '"cells": 176' in log


def test_the_panels_picture_is_used(empty_scene, backend, picture, tmp_path):
    backend("good")
    assert bpy.ops.era3d.choose_picture(filepath=str(picture)) == {"FINISHED"}
    assert empty_scene.era3d.picture.filepath == str(picture)
    bpy.ops.era3d.generate(directory=str(tmp_path / "job"))
    assert str(picture) in (tmp_path / "job/log.txt").read_text()


def test_a_painted_picture_is_handed_over_as_painted(empty_scene, backend, tmp_path):
    backend("good")
    image = bpy.data.images.new("sketch", 64, 64, alpha=True)
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * 64**2)
    empty_scene.era3d.picture = image
    bpy.ops.era3d.generate(directory=str(tmp_path / "job"))
    given = bpy.data.images.load(str(tmp_path / "job/picture.png"))
    assert list(given.pixels[:4]) == pytest.approx([0, 1, 0, 1], abs=0.01)
    assert [i.name for i in bpy.data.images if i.name.startswith("sketch")] == ["sketch"]


def test_new_jobs_get_folders_of_their_own(empty_scene, backend, picture):
    from era3d_blender import jobs

    backend("good")
    names = []
    for _ in range(2):
        bpy.ops.era3d.generate(filepath=str(picture))
        names.append(jobs.current.job.name)
    assert names[0].startswith("my_cat")
    assert names[0] != names[1]


def test_no_backend(empty_scene, monkeypatch, picture, tmp_path):
    monkeypatch.delenv("ERA3D_PYTHON", raising=False)
    with pytest.raises(RuntimeError, match="No backend is set up: press Set Up Backend in Pref"):
        generate(picture, tmp_path)


def test_no_picture(empty_scene, backend, tmp_path):
    with pytest.raises(RuntimeError, match="Choose a picture first"):
        bpy.ops.era3d.generate()
    with pytest.raises(RuntimeError, match="There is no picture at"):
        generate(tmp_path / "nothing.png", tmp_path)
    (tmp_path / "text.png").write_text("this is no picture")
    with pytest.raises(RuntimeError, match=r"text\.png cannot be read"):
        bpy.ops.era3d.choose_picture(filepath=str(tmp_path / "text.png"))
    assert not bpy.data.images


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("complains", "The picture shows nothing"),
        pytest.param(
            "dies",
            r"stopped \(exit code 3\); out of memory, goodbye",
            marks=pytest.mark.local("a server keeps its log to itself"),
        ),
        ("killed", "by SIGKILL"),
    ],
)
def test_what_went_wrong_is_said_and_the_log_is_there(
    empty_scene, backend, picture, tmp_path, mode, words
):
    from era3d_blender import jobs

    backend(mode)
    with pytest.raises(RuntimeError, match=words):
        generate(picture, tmp_path)
    assert not bpy.data.objects
    assert jobs.current.state == "failed"
    assert bpy.ops.era3d.open_log() == {"FINISHED"}
    assert f'"picture": "{picture}"' in bpy.data.texts["Era3D log"].as_string()
    assert f'"picture": "{picture}"' in jobs.current.details()


def test_a_timer_follows_the_job_and_brings_it_in(empty_scene, backend, picture, tmp_path):
    from era3d_blender import jobs

    backend("gradual")
    start_polled(picture, tmp_path)
    assert jobs.running()
    seconds = []
    while jobs.running():
        start = time.process_time()
        jobs.current.poll()
        seconds.append(time.process_time() - start)
        time.sleep(0.01)
    assert max(seconds) < 0.005
    jobs._tick()
    assert bpy.context.active_object.name == "polled"
    assert not jobs.tasks[0].unseen


def test_a_job_survives_another_file_and_waits_there(empty_scene, backend, picture, tmp_path):
    from era3d_blender import jobs

    backend("gradual")
    start_polled(picture, tmp_path)
    assert bpy.app.timers.is_registered(jobs._tick)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert jobs.running()
    assert bpy.app.timers.is_registered(jobs._tick)  # persistent
    job = follow()
    assert job.state == "finished"
    assert jobs.tasks[0].unseen  # not thrown into a file it was not started in
    assert not bpy.data.objects
    assert bpy.ops.era3d.import_job(directory=str(job.job)) == {"FINISHED"}
    assert not jobs.tasks[0].unseen


def test_a_result_that_cannot_be_imported_is_told(empty_scene, backend, picture, tmp_path):
    from era3d_blender import jobs

    backend("good")
    start_polled(picture, tmp_path)
    while jobs.running():
        jobs.current.poll()
    (tmp_path / "polled/mesh.glb").write_bytes(b"glTF")
    jobs._tick()
    assert jobs.current.state == "failed"
    assert jobs.current.message.startswith("mesh.glb")


def test_undo_does_not_touch_a_job(empty_scene, backend, picture, tmp_path):
    from era3d_blender import jobs

    backend("slow")
    start_polled(picture, tmp_path)
    bpy.ops.ed.undo_push(message="before")
    empty_scene.era3d.seed = 3
    bpy.ops.ed.undo_push(message="seed")
    job, stage = jobs.current, jobs.current.stages["views"]
    until = time.monotonic() + 20
    while stage.step == 0 and time.monotonic() < until:
        job.poll()
    bpy.ops.ed.undo()
    assert bpy.context.scene.era3d.seed == 0  # undone
    assert jobs.current is job
    assert (job.state, stage.step) == ("running", 1)


def test_cancel(empty_scene, backend, picture, tmp_path):
    backend("slow")
    start_polled(picture, tmp_path)
    assert bpy.ops.era3d.cancel() == {"FINISHED"}
    job = follow()
    assert job.state == "cancelled"
    assert not bpy.data.objects
    assert not bpy.ops.era3d.cancel.poll()


def test_unregistering_ends_the_backend(empty_scene, registered, backend, picture, tmp_path):
    import os

    from era3d_blender import jobs

    backend("stubborn")
    start_polled(picture, tmp_path)
    pid = jobs.current._child.pid
    registered.unregister()
    try:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert not bpy.app.timers.is_registered(jobs._tick)
    finally:
        registered.register()


def test_check_of_the_backend(registered, backend, monkeypatch):
    import sys

    from era3d_blender.preferences import check

    monkeypatch.setenv("ERA3D_PYTHON", sys.executable)  # a Python without era3d
    with pytest.raises(RuntimeError, match="Era3D is not in this Python"):
        bpy.ops.era3d.check_backend()
    assert not check.good
    monkeypatch.setenv("ERA3D_PYTHON", "/nowhere")
    with pytest.raises(RuntimeError, match="does not exist: /nowhere"):
        bpy.ops.era3d.check_backend()
