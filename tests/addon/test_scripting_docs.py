# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of docs/scripting.md, run one after another as they stand there."""

from __future__ import annotations

import inspect
import re
import shlex
import signal
import types
from pathlib import Path

import glyph
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy
TEXT = (Path(__file__).parents[2] / "docs/scripting.md").read_text("utf-8")


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(empty_scene, backend, tmp_path, monkeypatch):
    """A folder with the pictures that the page speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERA3D_FAKE_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "pictures").mkdir()
    for name in ("chair.png", "pictures/table.png", "pictures/lamp.png"):
        (tmp_path / name).write_bytes(glyph.png(glyph.view(0)[0]))
    backend("good")
    return tmp_path


def test_the_commands(folder, capsys):
    from era3d_blender.cli import main

    glyph.write_job(folder / "chair_job")
    (commands,) = examples("sh")
    lines = [shlex.split(line) for line in commands.splitlines()]
    assert {line[3] for line in lines} == {"generate", "import", "rebuild", "batch", "doctor"}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for line in lines:
            assert line[:3] == ["blender", "--command", "era3d"]
            assert main(line[3:]) == 0, capsys.readouterr().err
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
    assert {path.name for path in folder.rglob("*.blend")} == {
        *("chair.blend", "again.blend", "table.blend", "lamp.blend")
    }


def test_the_scripts(folder, monkeypatch):
    import sys

    import era3d_blender
    from era3d_blender import api

    # In these tests the add-on is no extension; the page's way to find one is taken all the same.
    stand_in = types.ModuleType("bl_ext.somewhere.era3d")
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    monkeypatch.setitem(sys.modules, f"{stand_in.__name__}.api", api)
    bpy.context.preferences.addons.new().module = stand_in.__name__
    assert era3d_blender.api is api
    space: dict[str, object] = {}
    try:
        for example in examples("python"):
            exec(compile(example, "docs/scripting.md", "exec"), space)
    finally:
        addons = bpy.context.preferences.addons
        addons.remove(addons[stand_in.__name__])
    assert {path.name for path in (folder / "objects").glob("*.blend")} == {
        *("table.blend", "lamp.blend")
    }
    assert '"seed": 7' in (folder / "chair_job/log.txt").read_text()


def test_the_table_of_functions_is_complete(registered):
    from era3d_blender import api

    told = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", TEXT, re.MULTILINE))
    functions = {name for name in api.__all__ if inspect.isfunction(getattr(api, name))}
    assert set(told) == functions
    for name, arguments in told.items():
        known = [
            str(each.name) for each in inspect.signature(getattr(api, name)).parameters.values()
        ]
        written = [each.split("=")[0].strip("* ") for each in arguments.split(",") if each]
        if name != "rebuild":  # its first argument is told by what it is
            assert written == known, name


def test_every_entry_of_a_request_is_named(registered):
    from era3d_blender import properties

    for name in {*properties.names()} - {"model_folder", "until"}:
        assert f"`{name}`" in TEXT
