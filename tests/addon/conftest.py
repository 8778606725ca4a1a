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
from through_server import Servers  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that start a worker reach one through a server."""
    parser.addoption("--through-server", action="store_true", help="a server in a worker's place")


def pytest_configure(config: pytest.Config) -> None:
    """Name what marks a test that looks at a worker of this computer itself."""
    config.addinivalue_line("markers", "local(reason): not with --through-server, and why")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory):
    """Servers for the whole session, each started when first asked for."""
    started = Servers(Path(os.environ["ERA3D_PYTHON"]), tmp_path_factory.mktemp("servers"))
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def place(request: pytest.FixtureRequest) -> None:
    """Where the work is done: here, or with --through-server on a server."""
    if not request.config.getoption("--through-server"):
        return
    if mark := request.node.get_closest_marker("local"):
        pytest.skip(mark.args[0])
    servers, monkeypatch = map(request.getfixturevalue, ("servers", "monkeypatch"))
    from era3d_blender import preferences
    from era3d_blender.client import environment

    for module in (environment, preferences):
        monkeypatch.setattr(module, "local_worker", servers.reach)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A finished job folder with the letter F."""
    return glyph.write_job(tmp_path / "letter")


@pytest.fixture(scope="session")
def fake_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something to name as the backend's Python: it runs the fake backend."""
    script = tmp_path_factory.mktemp("fake") / "python"
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
