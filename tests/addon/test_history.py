# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of earlier jobs in the sidebar, and what is done with one of them."""

from __future__ import annotations

import json
import subprocess
import time

import glyph
import pytest

bpy = pytest.importorskip("bpy")
from notes import draw  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def listed(empty_scene, backend):
    """Make jobs in the folder of all jobs, and read it."""
    from era3d_blender import history
    from era3d_blender.preferences import jobs_root

    backend("good")

    def make(name, *events, **request):
        folder = glyph.write_job(jobs_root() / name)
        asked = json.loads((folder / "request.json").read_text()) | request
        (folder / "request.json").write_text(json.dumps(asked))
        lines = "".join(json.dumps({"kind": kind}) + "\n" for kind in events)
        (folder / "events.jsonl").write_text(lines)
        stages = {"texture": {"seconds": 1.0}} if "done" in events else {}
        (folder / "job.json").write_text(json.dumps({"stages": stages}))
        history.refresh_now()
        return folder

    return make


def choose(name):
    listed = bpy.context.window_manager.era3d_history
    listed.index = [entry.name for entry in listed.entries].index(name)


def test_jobs_are_listed_and_survive_another_file(listed):
    from era3d_blender import history
    from era3d_blender.ui.history import ERA3D_PT_history

    listed("chair", "done")
    listed("table", "started")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    history.refresh_now()
    names = [entry.name for entry in bpy.context.window_manager.era3d_history.entries]
    assert set(names) == {"chair", "table"}
    choose("chair")
    operators = draw(ERA3D_PT_history).operators()
    assert {"era3d.import_job", "era3d.copy_settings", "era3d.open_folder"} <= set(operators)
    choose("table")
    assert "era3d.resume" in draw(ERA3D_PT_history).operators()


def test_a_job_whose_blender_died_is_offered_and_resumed(listed):
    from era3d_blender.ui.panel import ERA3D_PT_main

    folder = listed("chair", "started")
    assert "era3d.resume" in draw(ERA3D_PT_main).operators()
    assert bpy.ops.era3d.resume(directory=str(folder)) == {"FINISHED"}
    assert '"command": "run"' in (folder / "log.txt").read_text()
    assert "chair" in bpy.data.collections
    assert "era3d.resume" not in draw(ERA3D_PT_main).operators()


def test_a_job_of_another_blender_is_left_alone(listed):
    from era3d_blender.ui.panel import ERA3D_PT_main

    folder = listed("chair", "started")
    holder = subprocess.Popen(["flock", "-o", str(folder / ".lock"), "sleep", "30"])
    try:
        from era3d_blender.client.history import is_held

        until = time.monotonic() + 10
        while not is_held(folder) and time.monotonic() < until:
            time.sleep(0.02)
        bpy.ops.era3d.history_refresh()
        assert "era3d.resume" not in draw(ERA3D_PT_main).operators()
        with pytest.raises(RuntimeError, match="Another process works on chair"):
            bpy.ops.era3d.resume(directory=str(folder))
        with pytest.raises(RuntimeError, match="A process works on chair"):
            bpy.ops.era3d.history_delete(directory=str(folder))
        assert folder.is_dir()
    finally:
        holder.terminate()
        holder.wait()


def test_settings_are_copied_and_what_does_not_fit_is_named(listed, empty_scene):
    folder = listed(
        "chair", "done", model="my own", seed=2**32 - 1, cells=96, quality="draft", texture="clay"
    )
    bpy.ops.era3d.copy_settings(directory=str(folder))
    settings = bpy.context.scene.era3d
    assert (settings.model, settings.model_folder) == ("CUSTOM", "my own")
    assert (settings.cells, settings.quality) == (96, "draft")
    assert settings.texture == "atlas"  # this version knows no clay
    assert settings.seed == 0  # too large for Blender


def test_delete_takes_the_folder_and_nothing_else(listed, tmp_path):
    from era3d_blender import history

    folder = listed("chair", "done")
    listed("table", "done")
    (tmp_path / "holiday").mkdir()
    with pytest.raises(RuntimeError, match="Not a job folder"):
        bpy.ops.era3d.history_delete(directory=str(tmp_path / "holiday"))
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(RuntimeError, match="Not a job folder"):
        bpy.ops.era3d.history_delete(directory=str(tmp_path / "link"))
    choose("chair")
    assert bpy.ops.era3d.history_delete() == {"FINISHED"}
    assert not folder.exists()
    assert [record.folder.name for record in history.records.values()] == ["table"]


def test_a_job_that_was_moved_is_told_when_it_is_wanted(listed):
    from era3d_blender import history

    folder = listed("chair", "done")
    folder.rename(folder.with_name("elsewhere"))
    for operator in (bpy.ops.era3d.import_job, bpy.ops.era3d.resume):
        with pytest.raises(RuntimeError, match=r"no job folder|is gone"):
            operator(directory=str(folder))
    bpy.ops.era3d.history_refresh()
    assert [record.folder.name for record in history.records.values()] == ["elsewhere"]


def test_reading_hundreds_of_jobs_never_takes_long_at_once(listed):
    from era3d_blender import history
    from era3d_blender.preferences import jobs_root

    for number in range(300):
        folder = jobs_root() / f"job-{number}"
        folder.mkdir()
        (folder / "request.json").write_text("{}")
    history.refresh()
    slices = []
    while True:
        start = time.thread_time()
        again = history._tick()
        slices.append(time.thread_time() - start)
        if again is None:
            break
    assert len(bpy.context.window_manager.era3d_history.entries) == 300
    assert sorted(slices)[int(0.9 * len(slices))] < 0.005
