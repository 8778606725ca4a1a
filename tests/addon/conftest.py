# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on's tests share: the add-on registered by hand, job folders, a fake backend."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HAS_BPY = importlib.util.find_spec("bpy") is not None

sys.path.insert(0, str(HERE))

import glyph  # noqa: E402


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A finished job folder with the letter F."""
    return glyph.write_job(tmp_path / "letter")


@pytest.fixture
def fake_python(tmp_path: Path) -> Path:
    """Something to name as the backend's Python: it runs the fake backend."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "fake_backend.py"}" "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture(scope="session")
def registered():
    """Register the add-on by hand for the session."""
    import era3d_blender

    era3d_blender.register()
    yield era3d_blender
    era3d_blender.unregister()


@pytest.fixture
def empty_scene(registered):
    """An empty file and no job."""
    import bpy

    from era3d_blender import jobs

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    yield bpy.context.scene
    if jobs.current is not None:
        jobs.current.kill()
    for task in list(jobs.tasks):
        jobs.remove(task)
    jobs.dismiss()


@pytest.fixture
def backend(fake_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let the add-on find the fake backend; call it with the way to behave."""
    monkeypatch.setenv("ERA3D_PYTHON", str(fake_python))
    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "blender"))

    def behave(mode: str) -> None:
        from era3d_blender import backend

        monkeypatch.setenv("ERA3D_FAKE", mode)
        backend.close()  # it was started with another mode

    yield behave
    behave("good")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without the interpreter's end, where Blender 4.2 crashes and 4.5 hangs."""
    if "bpy" in sys.modules and hasattr(config, "era3d_exit_code"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.era3d_exit_code)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how it went for the exit."""
    session.config.era3d_exit_code = int(exitstatus)
