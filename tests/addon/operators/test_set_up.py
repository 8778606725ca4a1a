# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's environment, made, cancelled, shown and removed from within Blender."""

from __future__ import annotations

import os
import time
import types
from pathlib import Path

import pytest
from tiny_wheels import shipped, wheel

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def zipped(empty_scene, tmp_path, monkeypatch):
    """The add-on as if it had come in a zip, with a folder for wheels and one for environments."""
    from era3d_blender import installation, preferences
    from era3d_blender.client import setup
    from era3d_blender.operators import set_up

    shipped(tmp_path / "zip", tmp_path / "wheels")
    settings = types.SimpleNamespace(
        wheels_folder=str(tmp_path / "wheels"), torch_build="cpu", backend_python=""
    )
    monkeypatch.setattr(setup, "SHIPPED", tmp_path / "zip")
    monkeypatch.setattr(installation, "root", lambda: tmp_path / "environments")
    for module in (preferences, set_up):
        monkeypatch.setattr(module, "preferences", lambda: settings)
    # uv lies beside the backend's Python; Blender's environment has none.
    backend = Path(os.environ.get("ERA3D_PYTHON", "nothing")).parent
    monkeypatch.setenv("PATH", os.pathsep.join([str(backend), os.environ["PATH"]]))
    monkeypatch.delenv("ERA3D_PYTHON", raising=False)
    yield settings
    if installation.current is not None:
        installation.current.kill()
    installation.forget()


def test_set_up_and_removed(zipped, tmp_path):
    from era3d_blender.client.environment import BackendMissingError
    from era3d_blender.preferences import backend_python, own_backend

    with pytest.raises(BackendMissingError, match="Set Up Backend"):
        backend_python()
    assert bpy.ops.era3d.set_up() == {"FINISHED"}
    assert backend_python() == own_backend().python
    assert bpy.ops.era3d.remove_backend() == {"FINISHED"}
    assert not (tmp_path / "environments").exists()
    assert own_backend() is None


def test_started_it_can_be_followed_and_cancelled(zipped):
    from era3d_blender import installation
    from era3d_blender.preferences import own_backend

    _start()
    assert installation.running()
    assert not bpy.ops.era3d.set_up.poll()
    assert bpy.ops.era3d.cancel_set_up() == {"FINISHED"}
    end = time.monotonic() + 30
    while installation.running():
        assert time.monotonic() < end
        installation.current.poll()
        time.sleep(0.02)
    assert installation.current.state == "cancelled"
    assert own_backend() is None


def _start() -> None:
    """Invoke as a window would; in background Blender turns an invoke into an execute."""
    from era3d_blender import installation
    from era3d_blender.operators.set_up import ERA3D_OT_set_up

    stand_in = types.SimpleNamespace(report=print)
    installer = ERA3D_OT_set_up._installer(stand_in)
    installation.start(installer)


def test_a_failure_is_told(zipped, tmp_path):
    from era3d_blender import installation

    wheel(tmp_path / "zip", "era3d", "raise SystemExit('no such thing')")
    with pytest.raises(RuntimeError, match="does not work: no such thing"):
        bpy.ops.era3d.set_up()
    assert installation.current.state == "failed"


def test_without_a_network_it_says_what_to_do(zipped):
    zipped.wheels_folder = ""
    if bpy.app.online_access:
        pytest.skip("this Blender may go online")
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.era3d.set_up()


def test_from_the_sources_it_says_what_is_missing(zipped, tmp_path):
    next((tmp_path / "zip").glob("era3d-*.whl")).unlink()
    with pytest.raises(RuntimeError, match="install its zip"):
        bpy.ops.era3d.set_up()
