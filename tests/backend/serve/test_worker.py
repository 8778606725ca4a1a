# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker: told by lines, answering in files, gone when its input closes."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from era3d.job import Job, Request
from era3d.serve.worker import Order, parse
from era3d.stages import store_views, write_cameras
from tests.backend.sphere import sphere_views

SECONDS = 120.0


def views_job(folder: Path, cells: int = 64) -> Path:
    job = Job.create(folder, Request(source="views", cells=cells, faces=400, texture_size=128))
    store_views(job, sphere_views())
    write_cameras(job, None)
    return folder


class Told:
    """A worker process and its state file."""

    def __init__(self, folder: Path) -> None:
        self.state_file = folder / "worker.json"
        command = [sys.executable, "-m", "era3d", "worker", "--state", str(self.state_file)]
        self.log = (folder / "worker.log").open("wb")
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log
        )

    def tell(self, **command) -> None:
        self.child.stdin.write(json.dumps(command).encode() + b"\n")
        self.child.stdin.flush()

    def until(self, condition) -> dict:
        """Wait for a state."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.state_file.exists():
                state = json.loads(self.state_file.read_text())
                if condition(state):
                    return state
            assert self.child.poll() is None, Path(self.log.name).read_text()
            time.sleep(0.02)
        raise TimeoutError(self.state_file.read_text())


@pytest.fixture
def worker(tmp_path):
    told = Told(tmp_path)
    yield told
    told.child.kill()
    told.child.communicate()
    told.log.close()


def events(job: Path) -> list[dict]:
    path = job / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ended(job: Path):
    return lambda state: state["last"] is not None and state["last"]["job"] == str(job)


def wait_for(condition) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_one_worker_runs_one_job_after_another_and_survives_a_bad_one(worker, tmp_path):
    first, second = views_job(tmp_path / "first"), views_job(tmp_path / "second")
    bad = {"command": "generate", "picture": str(tmp_path / "no.png"), "request": {"seed": 1}}
    (tmp_path / "bad").mkdir()
    worker.tell(command="run", job=str(first), id="one")
    worker.tell(**bad, job=str(tmp_path / "bad"), id="two")
    worker.tell(command="run", job=str(second), id="three")
    state = worker.until(ended(tmp_path / "bad"))
    assert (state["last"]["code"], state["last"]["id"]) == (2, "two")
    assert "no picture at" in state["last"]["message"]
    assert "no picture at" in (tmp_path / "bad/log.txt").read_text()
    state = worker.until(ended(second))
    assert state["state"] == "idle"
    assert (state["last"]["code"], state["last"]["id"]) == (0, "three")
    for job in (first, second):
        assert events(job)[-1]["kind"] == "done"
        assert (job / "mesh.glb").exists()
    worker.tell(command="run", job=str(first), request={"texture_size": 64}, until="texture")
    worker.tell(command="shut down")
    assert worker.child.wait(SECONDS) == 0
    again = [each["stage"] for each in events(first) if each["kind"] == "finished"]
    assert again == ["mesh", "texture", "texture"]


def test_a_cancel_ends_the_running_job_and_those_that_wait(worker, tmp_path):
    first, second = views_job(tmp_path / "first", 160), views_job(tmp_path / "second")
    worker.tell(command="run", job=str(first))
    worker.tell(command="run", job=str(second))
    wait_for(lambda: any(each["kind"] == "progress" for each in events(first)))
    worker.tell(command="cancel")
    state = worker.until(ended(second))
    assert state["last"]["code"] == 143
    assert events(first)[-1]["kind"] == "cancelled"
    assert not (second / "mesh.glb").exists()
    worker.tell(command="run", job=str(second))
    assert worker.until(lambda state: ended(second)(state) and not state["last"]["code"])


def test_a_worker_ends_when_its_input_closes(worker, tmp_path):
    job = views_job(tmp_path / "job", 160)
    worker.tell(command="run", job=str(job))
    wait_for(lambda: any(each["kind"] == "progress" for each in events(job)))
    worker.child.stdin.close()
    assert worker.child.wait(SECONDS) == 0
    assert not list(job.rglob(".tmp-*"))
    assert json.loads(worker.state_file.read_text())["state"] == "ended"


NOTHING = ["", "{", "[]", "7", '{"command": "run"}', '{"command": "fly"}']
NOTHING += ['{"command": "generate", "job": "/a"}']
NOTHING += ['{"command": "generate", "job": "/a", "picture": "/b", "request": 1}']


@pytest.mark.parametrize("line", NOTHING)
def test_lines_that_say_nothing_are_passed_over(line):
    assert parse(line) is None


def test_orders_are_read():
    order = parse('{"command": "run", "job": "/a", "from": "mesh", "id": "7"}')
    assert (order.command, order.job, order.first, order.id) == ("run", Path("/a"), "mesh", "7")
    order = parse(
        '{"command": "generate", "job": "/a", "picture": "/b.png", "request": {"seed": 3}}'
    )
    assert (order.job, order.picture, order.request) == (Path("/a"), Path("/b.png"), {"seed": 3})
    order = parse('{"command": "run", "job": "/a", "request": {"faces": 900}, "until": "mesh"}')
    assert (order.request, order.first, order.last) == ({"faces": 900}, None, "mesh")
    assert isinstance(parse('{"command": "cancel"}'), Order)
