# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue: order, removal, failures on the way, and what is left for the artist."""

from __future__ import annotations

import time

import glyph
import pytest

bpy = pytest.importorskip("bpy")
from notes import draw  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def add(empty_scene, backend, tmp_path):
    """Queue a job of a name as the panel does; in background Blender would wait for it."""
    from era3d_blender import backend as process
    from era3d_blender import jobs
    from era3d_blender.client import environment

    picture = tmp_path / "cat.png"
    picture.write_bytes(glyph.png(glyph.view(0)[0]))

    def queue(name, mode=None, **options):
        if mode:
            backend(mode)
        folder = tmp_path / name
        folder.mkdir()
        way = environment.local_worker(environment.find_python())
        order = environment.generate_order(environment.Generation(picture), folder)
        return jobs.start(process.supervisor(way, order, folder), **options)

    return queue


def tick_to_end(seconds=30.0):
    from era3d_blender import jobs

    until = time.monotonic() + seconds
    while jobs._tick() is not None:
        assert time.monotonic() < until, "the queue did not end"
        time.sleep(0.01)


def names():
    from era3d_blender import jobs

    return [task.folder.name for task in jobs.tasks]


def test_one_after_another_and_each_is_imported(add):
    tasks = [add("one", "gradual"), add("two"), add("three")]
    assert [task.supervisor.state for task in tasks] == ["running", "waiting", "waiting"]
    assert tasks[1].supervisor.seconds == 0.0  # its clock does not run yet
    tick_to_end()
    assert {task.supervisor.state for task in tasks} == {"finished"}
    assert {"one", "two", "three"} <= {thing.name for thing in bpy.data.collections}
    assert tasks[0].supervisor.ended <= tasks[1].supervisor.started


def test_waiting_jobs_are_moved_and_removed(add, tmp_path):
    from era3d_blender import jobs

    add("one", "slow")
    for name in ("two", "three", "four"):
        add(name, owned=True)
    bpy.ops.era3d.queue_move(directory=str(tmp_path / "four"), places=-1)
    assert names() == ["one", "two", "four", "three"]
    bpy.ops.era3d.queue_move(directory=str(tmp_path / "two"), places=-1)  # nothing before it waits
    assert names() == ["one", "two", "four", "three"]
    assert bpy.ops.era3d.queue_remove(directory=str(tmp_path / "two")) == {"FINISHED"}
    assert not (tmp_path / "two").exists()  # it was made for that job, which never began
    assert bpy.ops.era3d.queue_remove(directory=str(tmp_path / "one")) == {"CANCELLED"}  # it runs
    bpy.ops.era3d.queue_clear()
    assert names() == ["one"]
    assert (tmp_path / "one").exists()
    assert jobs.running()


def test_after_a_failure_and_a_cancellation_the_next_one_runs(add):
    from era3d_blender import jobs

    first = add("one", "complains")
    second = add("two")
    tick_to_end()
    assert [first.supervisor.state, second.supervisor.state] == ["failed", "failed"]
    third = add("three", "slow")
    fourth = add("four")
    assert bpy.ops.era3d.cancel() == {"FINISHED"}
    until = time.monotonic() + 20
    while fourth.supervisor.state == "waiting" and time.monotonic() < until:
        jobs._tick()
        time.sleep(0.01)
    assert [third.supervisor.state, fourth.supervisor.state] == ["cancelled", "running"]


@pytest.mark.local("a server keeps its workers' last words to itself")
def test_a_worker_that_dies_takes_no_other_job_with_it(add, monkeypatch):
    add("one", "dies")
    two = add("two")
    tick_to_end()
    assert "out of memory" in two.supervisor.message  # it had a worker of its own, and its words


def test_somebody_else_can_take_the_result(add):
    taken = []
    add("one", "good", then=taken.append)
    tick_to_end()
    assert [folder.name for folder in taken] == ["one"]
    assert not bpy.data.objects


def test_nothing_is_brought_in_while_the_artist_paints(add):
    mesh = bpy.data.meshes.new("m")
    thing = bpy.data.objects.new("thing", mesh)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    task = add("one", "gradual")
    bpy.ops.object.mode_set(mode="EDIT")
    tick_to_end()
    assert task.unseen
    assert "one" not in bpy.data.collections
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.era3d.import_job(directory=str(task.folder))
    assert not task.unseen


def test_the_queue_is_drawn(add, tmp_path):
    from era3d_blender.ui.queue import ERA3D_PT_queue

    assert not ERA3D_PT_queue.poll(bpy.context)
    add("one", "complains")
    tick_to_end()
    add("two", "slow")
    add("three")
    assert ERA3D_PT_queue.poll(bpy.context)
    notes = draw(ERA3D_PT_queue)
    labels = [options["text"] for name, _, options in notes.notes if name == "label"]
    assert labels == ["one", "three"]  # the running one is above
    assert notes.operators() == [
        "era3d.copy_details",
        "era3d.queue_remove",
        "era3d.queue_move",
        "era3d.queue_move",
        "era3d.queue_remove",
        "era3d.queue_clear",
    ]
    bpy.ops.era3d.copy_details(directory=str(tmp_path / "one"))
    if not bpy.app.background:
        assert "shows nothing" in bpy.context.window_manager.clipboard


def test_several_seeds_are_several_jobs(empty_scene, backend, tmp_path):
    backend("good")
    picture = tmp_path / "cat.png"
    picture.write_bytes(glyph.png(glyph.view(0)[0]))
    bpy.ops.era3d.generate(filepath=str(picture), seed=2**31 - 1, count=2)
    from era3d_blender.preferences import jobs_root

    logs = [path.read_text() for path in sorted(jobs_root().glob("cat*/log.txt"))]
    assert '"seed": 2147483647' in logs[0]
    assert '"seed": 0' in logs[1]
