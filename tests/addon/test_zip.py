# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, installed the way an artist installs it, and a real job run through it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import glyph
import pytest

pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy
ROOT = Path(__file__).parents[2]
INSTALL_AND_RUN = """
import json, os, sys, time
import bpy
archive, picture, job = sys.argv[1:]
start = time.monotonic()
bpy.ops.extensions.package_install_files(
    filepath=archive, repo="user_default", enable_on_install=True, overwrite=True
)
installed = time.monotonic() - start
name = "bl_ext.user_default.era3d"
preferences = bpy.context.preferences.addons[name].preferences
preferences.backend_python = os.environ.pop("ERA3D_PYTHON")
checked = bpy.ops.era3d.check_backend()
bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
start = time.monotonic()
error = ""
try:
    bpy.ops.era3d.generate(filepath=picture, directory=job)
except RuntimeError as caught:
    error = str(caught)
mesh = next((thing for thing in bpy.data.objects if thing.type == "MESH"), None)
print(json.dumps({
    "enabled": name in bpy.context.preferences.addons,
    "installed": installed,
    "seconds": time.monotonic() - start,
    "checked": list(checked),
    "error": error,
    "cameras": sum(thing.type == "CAMERA" for thing in bpy.data.objects),
    "faces": len(mesh.data.polygons) if mesh else 0,
    "bottom": min((mesh.matrix_world @ v.co).z for v in mesh.data.vertices) if mesh else None,
    "jobs": bpy.utils.extension_path_user(name, path="jobs"),
}), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The zip, built by the backend's environment, which has what that needs."""
    python = os.environ.get("ERA3D_PYTHON")
    if not python:
        pytest.skip("ERA3D_PYTHON names no backend environment")
    folder = tmp_path_factory.mktemp("dist")
    build = [python, str(ROOT / "build_addon.py"), "--out", str(folder)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.zip"))


@pytest.fixture(scope="module")
def tool():
    """Blender's own tool for extensions."""
    import bpy

    scripts = Path(bpy.utils.system_resource("SCRIPTS"))
    return [sys.executable, str(scripts / "addons_core/bl_pkg/cli/blender_ext.py")]


def test_blenders_validator_accepts_it(archive, tool):
    done = subprocess.run([*tool, "validate", str(archive)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_repository_listing_is_blenders(archive, tool, tmp_path):
    import build_addon

    build_addon.write_repository(tmp_path / "theirs", archive, tool)
    build_addon.write_repository(tmp_path / "ours", archive, None)
    theirs, ours = (
        json.loads((tmp_path / name / "index.json").read_text()) for name in ("theirs", "ours")
    )
    assert ours == theirs
    assert len(ours["data"]) == 1


def test_install_and_run_a_real_job(archive, tmp_path):
    picture = tmp_path / "letter.png"
    picture.write_bytes(glyph.png(glyph.view(0)[0]))
    environ = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "blender")}
    done = subprocess.run(
        [sys.executable, "-c", INSTALL_AND_RUN, str(archive), str(picture), str(tmp_path / "job")],
        capture_output=True,
        text=True,
        timeout=300,
        env=environ,
    )
    assert done.stdout.strip(), done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["enabled"]
    assert told["checked"] == ["FINISHED"]
    assert told["error"] == ""
    assert told["cameras"] >= 6
    assert told["faces"] > 100
    assert told["bottom"] == pytest.approx(0, abs=1e-5)
    assert str(tmp_path / "blender") in told["jobs"]
