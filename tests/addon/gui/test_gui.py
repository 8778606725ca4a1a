# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session in a window, by a script that does what an artist would.

Run with `pytest -m gui`; needs `blender`, `xvfb-run`, `xauth` and ImageMagick's `import` on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import build_addon

pytestmark = pytest.mark.gui
HERE = Path(__file__).parent
NEEDED = ("blender", "xvfb-run", "import")


@pytest.fixture
def session(tmp_path, fake_python):
    """What the session reported, and the folder with its pictures."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    archive = build_addon.build(tmp_path / "dist")
    picture = HERE.parents[2] / "examples/pickup_truck.png"
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24 +extension GLX", "blender"]
    command += ["--factory-startup", "--window-geometry", "0", "0", "1280", "800"]
    if os.environ.get("LIBGL_ALWAYS_SOFTWARE"):
        command += ["--gpu-backend", "opengl"]
    command += ["--python", str(HERE / "drive.py"), "--"]
    command += [str(archive), str(fake_python), str(picture), str(tmp_path / "out")]
    resources = {"BLENDER_USER_RESOURCES": str(tmp_path / "blender"), "ERA3D_FAKE": "unhurried"}
    subprocess.run(command, env={**os.environ, **resources}, check=True, timeout=240)
    return json.loads((tmp_path / "out/report.json").read_text()), tmp_path / "out"


def test_a_session(session):
    report, pictures = session
    assert "error" not in report, report["error"]
    assert "No backend is set up" in report["without_backend"]
    assert report["state"] == "finished"
    assert report["objects"] == [*["CAMERA"] * 6, "EMPTY", "MESH"]
    assert report["objects_after_undo"] == 0  # one import, one step
    assert report["job_after_undo"]
    assert "exit code 3" in report["failure"]
    assert report["running_at_the_end"]
    with pytest.raises(ProcessLookupError):  # leaving Blender ends the backend
        os.kill(report["left_running"], 0)
    ticks = sorted(report["ticks"])
    assert len(ticks) > 5
    assert ticks[int(0.9 * len(ticks))] < 0.005
    assert len(list(pictures.glob("*.png"))) >= 5
