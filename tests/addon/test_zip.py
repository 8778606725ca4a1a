# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, installed the way an artist installs it, and a real job run through it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bpy")

ROOT = Path(__file__).parents[2]
INSTALL = """
import json, os, sys, time
import bpy
archive, argument = sys.argv[1:]
told = {}
bpy.ops.extensions.package_install_files(
    filepath=archive, repo="user_default", enable_on_install=True, overwrite=True
)
name = "bl_ext.user_default.era3d"
told["enabled"] = name in bpy.context.preferences.addons
told["jobs"] = bpy.utils.extension_path_user(name, path="jobs")
bpy.context.preferences.addons[name].preferences.backend_python = os.environ.pop("ERA3D_PYTHON")
bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
try:
    told["checked"] = list(bpy.ops.era3d.check_backend())
    {work}
except RuntimeError as caught:
    told["error"] = str(caught)
mesh = next((thing for thing in bpy.data.objects if thing.type == "MESH"), None)
if mesh:
    told["bottom"] = min((mesh.matrix_world @ v.co).z for v in mesh.data.vertices)
    told["faces"] = len(mesh.data.polygons)
told["types"] = sorted(thing.type for thing in bpy.data.objects)
print(json.dumps(told), flush=True)
os._exit(0)
"""
GENERATE = "bpy.ops.era3d.generate(filepath=argument)"
REBUILD = """
    bpy.ops.era3d.import_job(directory=argument)
    bpy.ops.era3d.rebuild(stage="texture")
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


@pytest.mark.bpy
def test_blenders_validator_accepts_it(archive, tool):
    done = subprocess.run([*tool, "validate", str(archive)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.bpy
def test_our_repository_listing_is_blenders(archive, tool, tmp_path):
    import build_addon

    build_addon.write_repository(tmp_path / "theirs", archive, tool)
    build_addon.write_repository(tmp_path / "ours", archive, None)
    theirs, ours = (
        json.loads((tmp_path / name / "index.json").read_text()) for name in ("theirs", "ours")
    )
    assert ours == theirs
    assert len(ours["data"]) == 1


def install_and(work: str, archive: Path, argument: Path, resources: Path) -> dict:
    """Install the zip into a fresh Blender, run a script in it and return what it tells."""
    done = subprocess.run(
        [sys.executable, "-c", INSTALL.replace("{work}", work), str(archive), str(argument)],
        capture_output=True,
        text=True,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(resources)},
    )
    assert done.stdout.strip(), done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told.get("error") is None
    assert told["enabled"]
    assert told["checked"] == ["FINISHED"]
    assert str(resources) in told["jobs"]
    return told


@pytest.mark.bpy
def test_installed_it_runs_a_real_job(archive, tmp_path):
    job = tmp_path / "job"
    shutil.copytree(ROOT / "tests/data/job_small", job)
    before = (job / "texture.png").stat().st_mtime_ns
    told = install_and(REBUILD, archive, job, tmp_path / "blender")
    assert told["types"] == [*["CAMERA"] * 6, "EMPTY", "MESH"]
    assert told["bottom"] == pytest.approx(0, abs=1e-5)
    assert (job / "texture.png").stat().st_mtime_ns != before


@pytest.mark.slow  # and therefore not in the tests of every version of Blender
def test_installed_it_goes_from_a_picture_to_a_mesh(archive, tmp_path):
    picture = ROOT / "examples/pickup_truck.png"
    told = install_and(GENERATE, archive, picture, tmp_path / "blender")
    assert told["types"].count("CAMERA") >= 6
    assert told["faces"] > 1000
    assert told["bottom"] == pytest.approx(0, abs=1e-5)
    job = next(Path(told["jobs"]).iterdir())
    assert job.name == "pickup_truck"
    stages = json.loads((job / "job.json").read_text())["stages"]
    assert set(stages) == {"prepare", "views", "mesh", "texture"}
