# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender --command era3d`, called as Blender calls it."""

from __future__ import annotations

import signal

import glyph
import pytest

bpy = pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy


@pytest.fixture
def command(empty_scene):
    """The command, with the signal handlers put back afterwards."""
    from era3d_blender.cli import main

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield main
    for number, handler in handlers.items():
        signal.signal(number, handler or signal.SIG_DFL)  # None: Blender's own


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "cat.png"
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    return path


def test_generate_saves_a_file_that_shows_the_object(command, backend, picture, tmp_path, capsys):
    backend("good")
    out = tmp_path / "new folder/scene.blend"
    assert (
        command(["generate", str(picture), "--out", str(out), "--seed", "3", "--quality", "draft"])
        == 0
    )
    assert f"saved {out}" in capsys.readouterr().out
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert len([thing for thing in bpy.data.objects if thing.type == "CAMERA"]) == 6
    assert bpy.context.scene.camera.name.endswith("front")
    assert bpy.context.scene.render.resolution_x == bpy.context.scene.render.resolution_y


def test_import(command, job, tmp_path):
    out = tmp_path / "scene.blend"
    assert command(["import", str(job), "--out", str(out)]) == 0
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [
        ("complains", 2, "The picture shows nothing"),
        ("dies", 1, "exit code 3"),
        ("killed", 1, "killed by SIGKILL"),
    ],
)
def test_failures(command, backend, picture, tmp_path, capsys, mode, code, words):
    backend(mode)
    out = tmp_path / "scene.blend"
    assert command(["generate", str(picture), "--out", str(out)]) == code
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_bad_input(command, backend, job, picture, tmp_path, capsys, monkeypatch):
    out = ["--out", str(tmp_path / "scene.blend")]
    assert command(["generate", str(tmp_path / "no.png"), *out]) == 2
    assert command(["import", str(tmp_path / "no"), *out]) == 2
    assert command(["generate", str(picture), *out, "--seed", "-1"]) == 2
    assert command(["fly"]) == 2
    assert command(["--help"]) == 0
    monkeypatch.delenv("ERA3D_PYTHON")
    assert command(["generate", str(picture), *out]) == 2
    assert "No backend is set up" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupts_end_the_backend_too(command, backend, picture, tmp_path, number, code):
    import os

    from era3d_blender import cli, jobs

    backend("slow")
    tell = cli._show
    cli._show = lambda event: os.kill(os.getpid(), number)
    try:
        assert command(["generate", str(picture), "--out", str(tmp_path / "a.blend")]) == code
    finally:
        cli._show = tell
    with pytest.raises(ProcessLookupError):
        os.kill(jobs.current._child.pid, 0)
