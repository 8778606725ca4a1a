# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender --command era3d`, called as Blender calls it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

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
        ("dies", 1, "code 3"),
        ("killed", 1, "by SIGKILL"),
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


def test_settings_reach_the_backend_and_a_report_tells_of_it(command, backend, picture, tmp_path):
    backend("good")
    out, report = tmp_path / "a.blend", tmp_path / "report.json"
    options = ["--cells", "96", "--no-symmetric", "--texture", "vertex", "--vram-limit", "6.5"]
    options += ["--report", str(report), "--job", str(tmp_path / "job"), "--until", "texture"]
    assert command(["generate", str(picture), "--out", str(out), *options]) == 0
    log = (tmp_path / "job/log.txt").read_text()
    for entry in ('"cells": 96', '"symmetric": false', '"texture": "vertex"', '"vram_limit": 6.5'):
        assert entry in log
    told = json.loads(report.read_text())
    assert (told["job"], told["blend"]) == (str(tmp_path / "job"), str(out))
    for bad in (["--cells", "5"], ["--texture", "clay"], ["--faces", "many"]):
        assert command(["generate", str(picture), "--out", str(out), *bad]) == 2


def test_rebuild(command, backend, job, tmp_path):
    backend("good")
    out = tmp_path / "a.blend"
    options = ["--from", "texture", "--texture-size", "512"]
    assert command(["rebuild", str(job), "--out", str(out), *options]) == 0
    log = (job / "log.txt").read_text()
    assert '"from": "texture"' in log
    assert '"request": {"texture_size": 512}' in log
    assert out.is_file()


def test_batch_makes_an_asset_library_and_goes_on_after_a_bad_one(
    command, backend, picture, tmp_path, capsys
):
    backend("good")
    folder, out = tmp_path / "pictures", tmp_path / "out"
    folder.mkdir()
    for name in ("chair.png", "猫's.png", "bad.png"):
        (folder / name).write_bytes(picture.read_bytes())
    out.mkdir()
    (out / "bad").write_text("a file where the job should be")
    report = out / "report.json"
    arguments = ["batch", str(folder), "--out", str(out), "--assets", "--report", str(report)]
    assert command(arguments) == 1
    assert "2 of 3 pictures done" in capsys.readouterr().out
    told = json.loads(report.read_text("utf-8"))["jobs"]
    assert {Path(each["picture"]).name: each["state"] for each in told} == {
        "bad.png": "failed",
        "chair.png": "finished",
        "猫's.png": "finished",
    }
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(out / "猫's.blend"), assets_only=True) as (found, _):
        assert [*found.objects, *found.collections]
    assert command(["batch", str(tmp_path / "nowhere"), "--out", str(out)]) == 2


def test_doctor(command, backend, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ERA3D_FAKE_WEIGHTS", str(tmp_path / "weights"))
    backend("good")
    assert command(["doctor"]) == 0
    assert "era3d: warning: No card Buy one." in capsys.readouterr().out
    assert command(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["can_run"]
    backend("dies")
    assert command(["doctor"]) == 2


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
