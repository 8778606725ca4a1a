# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The long-lived backend: jobs one after another, cancelled, failed, killed, left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from era3d_blender.client.environment import Generation, generate_order, worker_command
from era3d_blender.client.supervisor import Supervisor
from era3d_blender.client.worker import Worker, WorkerRun

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start(fake_python, tmp_path):
    """Start a worker whose fake backend behaves in a given way."""
    workers = []

    def begin(mode: str) -> Worker:
        environ = {**os.environ, "ERA3D_FAKE": mode}
        workers.append(Worker(worker_command(fake_python), tmp_path, environ))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.kill()


def job_of(worker: Worker, folder: Path, grace: float = 5.0) -> Supervisor:
    """A job for a worker."""
    folder.mkdir(exist_ok=True)
    order = generate_order(Generation(folder / "cat.png"), folder)
    return Supervisor(
        worker.command,
        folder,
        os.environ,
        grace,
        launch=lambda job: WorkerRun(worker, order, job.log, job.grace),
    )


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_one_process_does_job_after_job(start, tmp_path):
    worker = start("good")
    for name in ("first", "second"):
        job = job_of(worker, tmp_path / name)
        assert job.run() == "finished"
        assert [stage.fraction for stage in job.stages.values()] == [1.0] * 4
        assert (tmp_path / name / "mesh.glb").is_file()
        assert "fake backend good" in job.log.read_text()
    assert worker.poll() is None


def test_a_cancelled_job_leaves_the_worker_alive(start, tmp_path):
    worker = start("slow")
    job = job_of(worker, tmp_path / "job")
    job.start()
    until(lambda: job.poll() is not None and job.stages["views"].step == 1)
    job.cancel()
    until(lambda: job.poll() is not None and not job.active)
    assert (job.state, job.exit_code) == ("cancelled", 143)
    assert worker.poll() is None


def test_a_job_that_does_not_look_up_is_killed_with_its_worker(start, tmp_path):
    worker = start("stubborn")
    job = job_of(worker, tmp_path / "job", grace=0.3)
    job.start()
    until(lambda: job.poll() is not None and job.stages["views"].state == "running")
    job.cancel()
    until(lambda: job.poll() is not None and not job.active)
    assert job.state == "cancelled"
    assert worker.poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("mode", "words"), [("dies", "out of memory, goodbye"), ("killed", "killed by SIGKILL")]
)
def test_a_worker_that_dies_fails_its_job_in_words(start, tmp_path, mode, words):
    job = job_of(start(mode), tmp_path / "job")
    assert job.run() == "failed"
    assert words in job.message


def test_bad_input_fails_the_job_and_no_more(start, tmp_path):
    worker = start("complains")
    for name in ("first", "second"):
        job = job_of(worker, tmp_path / name)
        assert job.run() == "failed"
        assert (job.message, job.exit_code) == ("The picture shows nothing.", 2)


def test_closed_it_ends(start):
    worker = start("good")
    worker.close()
    until(lambda: worker.poll() == 0)


OWNER = """
import os, sys, time
from pathlib import Path
from era3d_blender.client.worker import Worker
worker = Worker(sys.argv[2:], Path(sys.argv[1]), os.environ)
print(worker.pid, flush=True)
time.sleep(60)
"""


def test_a_killed_blender_leaves_no_worker_behind(fake_python, tmp_path):
    command = [sys.executable, "-c", OWNER, str(tmp_path), *worker_command(fake_python)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    number = int(owner.stdout.readline())
    os.kill(number, 0)
    owner.kill()
    owner.wait()

    def gone() -> bool:
        status = Path(f"/proc/{number}/stat")
        return not status.exists() or status.read_text().split()[2] == "Z"

    until(gone)


LATE = """
import json, pathlib, sys, time
state = pathlib.Path(sys.argv[sys.argv.index("--state") + 1])
for line in sys.stdin:
    last = {"id": json.loads(line)["id"], "code": 0}
    state.write_text(json.dumps({"last": last}))
time.sleep(0.3)
state.write_text(json.dumps({"state": "ended", "last": last}))
"""


def test_the_last_words_of_a_worker_are_not_taken_for_those_of_the_next(tmp_path):
    environ = dict(os.environ)
    first = Worker([sys.executable, "-c", LATE], tmp_path, environ)
    name = first.order({"command": "run"})
    until(lambda: first.outcome(name) == 0)
    first.close()
    second = Worker([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, environ)
    name = second.order({"command": "run"})
    until(lambda: first.poll() == 0)
    assert second.outcome(name) is None
    second.kill()
