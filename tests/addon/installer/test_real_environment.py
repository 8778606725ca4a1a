# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the zip and a bare Python to a mesh: the environment that an artist gets, from a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import build_addon
from era3d_blender.client import setup
from era3d_blender.client.environment import scrubbed

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What the installer of a built zip made, with PATH and pip's settings from outside alone."""
    folder = tmp_path_factory.mktemp("installed add-on")
    archive = build_addon.build(folder / "dist")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "era3d")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "SHIPPED", folder / "era3d/backend")
        patch.setattr(setup, "_INSTALLER", folder / "era3d/installer")
        wanted = setup.plan(folder / "environments", build="cpu")
        installer = setup.installation(wanted, os.environ)
        state = installer.run()
        assert state == "finished", installer.details()
        return setup.installed(wanted), json.loads((wanted.folder / "ready.json").read_text())


def era3d(python: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [str(python), "-I", "-m", "era3d", *arguments]
    return subprocess.run(command, env=scrubbed(), capture_output=True, text=True, timeout=900)


def test_the_doctor_is_content_and_a_job_is_done(environment, tmp_path, capsys):
    installed, ready = environment
    assert installed.python.resolve() != Path(sys.executable)
    doctor = era3d(installed.python, "doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    picture = EXAMPLES / "armchair.png"
    done = era3d(installed.python, "generate", str(picture), "--out", str(tmp_path / "job"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "job/mesh.glb").stat().st_size > 10_000
    with capsys.disabled():
        print(f"\nenvironment: {ready['seconds']} s, {ready['megabytes']} MB")
