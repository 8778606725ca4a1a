# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer's process: real tools and real environments, with wheels of a few bytes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_wheels import WORKS, shipped, wheel

from era3d_blender.client.environment import scrubbed
from era3d_blender.installer.plan import STAGES, Plan, installed_python

INSTALLER = Path(__file__).parents[3] / "era3d_blender" / "installer"
# uv lies beside the interpreter of the tests.
WITH_UV = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
WITHOUT_UV = str(Path(sys.executable).parent / "nothing")


@contextlib.contextmanager
def locked(path):
    """Hold an installer's lock in a process of its own."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
    code += (
        "from lock import locked\nwith locked(Path(sys.argv[2])):\n print(1, flush=True)\n input()"
    )
    command = [sys.executable, "-c", code, str(INSTALLER), str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as holder:
        holder.stdout.readline()
        yield
        holder.communicate(b"\n")


@pytest.fixture
def plan(tmp_path):
    """A plan for a folder with a space and letters beyond ASCII in its name."""
    wheels, zipped = tmp_path / "wheels", tmp_path / "zip"
    shipped(zipped, wheels)
    return Plan(
        root=str(tmp_path / "größe 環境"),
        wheel=str(next(zipped.glob("era3d-*.whl"))),
        requirements=str(zipped / "requirements.txt"),
        torch="torch==1.0",
        wheels=str(wheels),
    )


def start(plan: Plan, path: str = WITH_UV) -> subprocess.Popen:
    """Start the installer with the python of this test."""
    file = Path(plan.requirements).with_name("plan.json")
    plan.save(file)
    environ = scrubbed() | {"PATH": path}
    command = [sys.executable, "-I", str(INSTALLER), str(file)]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)


def events(plan: Plan) -> list[dict]:
    path = plan.folder / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def modules(python: Path) -> str:
    code = "import tiny, torch, era3d, sys; print(sys.prefix)"
    return subprocess.check_output([python, "-I", "-c", code], text=True).strip()


@pytest.mark.parametrize(
    "path", [WITH_UV, pytest.param(WITHOUT_UV, marks=pytest.mark.slow)], ids=["uv", "pip"]
)
def test_an_environment_is_made_without_a_network(plan, path):
    child = start(plan, path)
    assert child.wait(120) == 0, child.stderr.read()
    python = installed_python(plan)
    assert modules(python) == str(python.parents[1])
    told = [event["stage"] for event in events(plan) if event["kind"] == "started"]
    assert told == list(STAGES)
    assert events(plan)[-1]["kind"] == "done"
    again = start(plan, path)
    assert again.wait(60) == 0
    assert [e["kind"] for e in events(plan)][-2:] == ["done", "done"]
    assert installed_python(plan) == python


def test_another_backend_is_another_environment(plan):
    before = plan.folder
    wheel(Path(plan.wheel).parent, "era3d", WORKS + "  # newer")
    assert plan.folder != before


def test_after_an_update_the_environments_of_earlier_versions_are_gone(plan):
    assert start(plan).wait(120) == 0
    former, root = plan.folder, Path(plan.root)
    at_work = root / "0123456789ab"
    for folder in (at_work, root / "fedcba987654", root / "something else"):
        folder.mkdir()
        (folder / "ready.json").write_text("{}")
    wheel(Path(plan.wheel).parent, "era3d", WORKS + "  # newer")
    with locked(at_work / "lock"):
        assert start(plan).wait(120) == 0
    left = {path.name for path in root.iterdir()} - {"uv"}
    assert left == {plan.folder.name, at_work.name, "something else"}
    assert former != plan.folder
    modules(installed_python(plan))


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (
            lambda p: Path(p.requirements).write_text("tiny==1.0 --hash=sha256:" + "0" * 64),
            1,
            "tiny",
        ),
        (lambda p: wheel(Path(p.wheel).parent, "era3d", "raise SystemExit('broken')"), 2, "broken"),
        (lambda p: object.__setattr__(p, "python", "/no/python"), 2, "/no/python is no Python"),
    ],
)
def test_what_goes_wrong_is_said_and_nothing_is_ready(plan, spoil, code, words):
    spoil(plan)
    child = start(plan)
    assert child.wait(120) == code
    assert words in child.stderr.read()
    assert events(plan)[-1]["kind"] == "failed"
    assert words in events(plan)[-1]["message"]
    assert installed_python(plan) is None


def test_a_second_installer_is_told_to_wait(plan):
    first = start(plan)
    while not events(plan):
        time.sleep(0.01)
    second = start(plan)
    assert second.wait(60) == 2
    assert "already" in second.stderr.read()
    assert first.wait(120) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_broken_off_anywhere_it_ends_right_the_next_time(plan, how):
    """The tenth run is let be; before it, each is ended a random while after its start."""
    luck = random.Random(int(how))
    for _ in range(10):
        child = start(plan)
        time.sleep(luck.uniform(0.05, 1.0))
        child.send_signal(how)
        assert child.wait(60) in (0, 143, -how)
    child = start(plan)
    assert child.wait(120) == 0, child.stderr.read()
    python = installed_python(plan)
    modules(python)
    left = {path.name for path in plan.folder.iterdir()}
    assert left == {"events.jsonl", "lock", "ready.json", python.parents[1].name}


def test_an_environment_that_was_removed_is_made_again(plan):
    assert start(plan).wait(120) == 0
    shutil.rmtree(installed_python(plan).parents[1])
    assert installed_python(plan) is None
    assert start(plan).wait(120) == 0
    assert os.access(installed_python(plan), os.X_OK)
