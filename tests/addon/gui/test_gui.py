# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session in a window, by a script that does what an artist would.

Run with `pytest -m gui`; needs `blender` (or what BLENDER names), `xvfb-run`, `xauth` and
ImageMagick's `import`. Its pictures are copied to the folder that ERA3D_SCREENSHOTS names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import build_addon

pytestmark = pytest.mark.gui
HERE = Path(__file__).parent
BLENDER = os.environ.get("BLENDER", "blender")
NEEDED = (BLENDER, "xvfb-run", "import")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """What one long session reported, and the folder with its pictures."""
    tmp_path = tmp_path_factory.mktemp("session")
    fake_python = tmp_path / "python"
    fake = HERE.parent / "fake_backend.py"
    fake_python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}" "$@"\n')
    fake_python.chmod(0o755)
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    archive = build_addon.build(tmp_path / "dist")
    picture = HERE.parents[2] / "examples/pickup_truck.png"
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24 +extension GLX", BLENDER]
    command += [
        "--factory-startup",
        "--enable-event-simulate",
        "--window-geometry",
        "0",
        "0",
        "1280",
        "800",
    ]
    if os.environ.get("LIBGL_ALWAYS_SOFTWARE"):
        command += ["--gpu-backend", "opengl"]
    command += ["--python", str(HERE / "drive.py"), "--"]
    command += [str(archive), str(fake_python), str(picture), str(tmp_path / "out")]
    resources = {"BLENDER_USER_RESOURCES": str(tmp_path / "blender"), "ERA3D_FAKE": "held"}
    subprocess.run(command, env={**os.environ, **resources}, check=True, timeout=800)
    out = tmp_path / "out"
    kept = os.environ.get("ERA3D_SCREENSHOTS")
    if kept:
        shutil.copytree(out, kept, dirs_exist_ok=True)
    return json.loads((out / "report.json").read_text()), out


@pytest.fixture(scope="module")
def told(session):
    report, _ = session
    assert "error" not in report, report["error"]
    return report


def test_without_a_backend_the_way_to_one_is_told(told):
    assert "No backend is set up" in told["without_backend"]


def test_generate_is_pressed_and_what_it_makes_is_one_undo_step(told):
    assert told["clicked"]
    assert told["state"] == "finished"
    assert told["objects"] == [*["CAMERA"] * 6, "EMPTY", "MESH"]
    assert told["objects_after_undo"] == 0


def test_a_second_press_queues_a_second_job(told):
    assert told["queued"] == 1


def test_undo_does_not_touch_a_job(told):
    assert told["running_after_undo"]
    assert told["job_after_undo"]


def test_a_job_goes_on_in_another_file_and_waits_there_for_a_click(told):
    assert told["objects_in_another_file"] == 0
    assert told["waits_for_a_click"]
    assert told["objects_after_a_click"] == 8


def test_painted_pixels_reach_the_backend(told):
    assert told["rebuilt"] == ["FINISHED"]
    assert told["painted_pixel"] == pytest.approx([0.0, 1.0, 0.0], abs=0.01)
    assert told["rebuild_state"] == "finished"


def test_a_dropped_picture_is_the_next_one(told):
    assert told["dropped"] == "pickup_truck.png"


def test_cancel_is_pressed(told):
    assert told["cancelled"] == "cancelled"


def test_a_failure_is_told_in_words_and_its_details_are_copied(told):
    assert "exit code 3" in told["failure"]
    assert "out of memory, goodbye" in told["details"]


def test_leaving_blender_ends_the_backend(told):
    assert told["running_at_the_end"]
    with pytest.raises(ProcessLookupError):
        os.kill(told["left_running"], 0)


def test_the_timer_takes_no_time(told):
    ticks = sorted(told["cpu_ticks"])  # others may be busy on this computer
    assert len(ticks) > 50
    assert ticks[int(0.99 * len(ticks))] < 0.005


def test_pictures_are_kept(session):
    _, pictures = session
    assert len(list(pictures.glob("*.png"))) == 15
