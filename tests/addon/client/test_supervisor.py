# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the backend, followed in both ways."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

from era3d_blender.client.environment import BackendMissingError, Generation, generate_command
from era3d_blender.client.events import Event
from era3d_blender.client.supervisor import STAGES, Supervisor, describe_exit


@pytest.fixture
def supervisor(tmp_path, fake_python):
    """Make a job whose fake backend behaves in a given way."""
    made = []

    def make(mode, grace=5.0):
        job = tmp_path / f"job-{len(made)}"
        job.mkdir()
        command = generate_command(fake_python, Generation(tmp_path / "cat.png"), job)
        made.append(Supervisor(command, job, {**os.environ, "ERA3D_FAKE": mode}, grace))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def poll_to_end(supervisor, seconds=30.0):
    events, until = [], time.monotonic() + seconds
    while supervisor.active:
        assert time.monotonic() < until, "the job did not end"
        events += supervisor.poll()
        time.sleep(0.01)
    return events


def wait_for(supervisor, condition, seconds=20.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        supervisor.poll()
        time.sleep(0.01)


def test_both_ways_see_the_same_events(supervisor):
    polled, blocking, seen = supervisor("good"), supervisor("good"), []
    polled.start()
    events = poll_to_end(polled)
    assert blocking.run(seen.append) == polled.state == "finished"
    assert [e.kind for e in events] == [e.kind for e in seen]
    assert len(events) == 4 * 6 + 1
    for name in STAGES:
        assert polled.stages[name] == blocking.stages[name]
        assert polled.stages[name].fraction == 1.0
    assert (polled.job / "mesh.glb").is_file()


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "nothing.png", ""])
def test_a_preview_outside_the_job_is_not_shown(supervisor, name):
    job = supervisor("good")
    (job.job.parent / "secret.png").touch()
    job._take(Event("preview", preview=name))
    assert (job.preview, job.previews) == (None, 0)


def test_progress_on_the_way(supervisor):
    job = supervisor("slow")
    job.start()
    wait_for(job, lambda: job.stages["views"].step == 1)
    assert job.stages["views"].state == "running"
    assert job.stages["views"].fraction == 0.25
    assert job.stages["mesh"].state == "waiting"
    before = job.seconds
    time.sleep(0.05)
    assert job.seconds > before


def test_garbage_between_events_is_ignored(supervisor):
    assert supervisor("garbage").run() == "finished"


def test_a_flood_neither_stalls_the_child_nor_the_poll(supervisor):
    job, seconds = supervisor("floods"), []
    job.start()
    until = time.monotonic() + 30
    while job.active and time.monotonic() < until:
        start = time.process_time()
        job.poll()
        seconds.append(time.process_time() - start)
        time.sleep(0.005)
    assert job.state == "finished"
    assert sorted(seconds)[int(0.9 * len(seconds))] < 0.005
    assert job.log.stat().st_size > 2_000_000


def test_the_backends_own_message_is_kept(supervisor):
    job = supervisor("complains")
    assert job.run() == "failed"
    assert (job.message, job.exit_code) == ("The picture shows nothing.", 2)
    assert job.stages["prepare"].state == "failed"


@pytest.mark.parametrize(
    ("mode", "words"), [("dies", "exit code 3"), ("killed", "killed by SIGKILL")]
)
def test_a_dead_backend_is_told_with_its_last_words(supervisor, mode, words):
    job = supervisor(mode)
    assert job.run() == "failed"
    assert words in job.message
    assert words in job.details()
    assert str(job.log) in job.details()
    if mode == "dies":
        assert "out of memory, goodbye" in job.message
        assert job.stages["views"].state == "failed"


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system with room for one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_named(tiny_disk, fake_python):
    (tiny_disk / "job").mkdir()
    command = generate_command(fake_python, Generation(tiny_disk / "cat.png"), tiny_disk / "job")
    job = Supervisor(command, tiny_disk / "job", {**os.environ, "ERA3D_FAKE": "fills"})
    assert job.run() == "failed"
    assert f"The disk that holds {job.job} is full" in job.message


def test_cancel_stops_a_willing_backend_at_once(supervisor):
    job = supervisor("slow", grace=30)
    job.start()
    wait_for(job, lambda: job.stages["views"].step == 1)
    job.cancel()
    assert job.state == "cancelling"
    poll_to_end(job, seconds=10)
    assert job.state == "cancelled"
    assert job.stages["views"].state == "waiting"


def test_cancel_kills_a_stubborn_backend_after_the_grace(supervisor):
    job = supervisor("stubborn", grace=0.3)
    job.start()
    wait_for(job, lambda: job.stages["views"].state == "running")
    job.cancel()
    job.cancel()  # twice does not prolong it
    poll_to_end(job, seconds=10)
    assert (job.state, job.exit_code) == ("cancelled", -9)


def test_an_interrupt_of_the_blocking_way_ends_the_backend(supervisor):
    job = supervisor("slow")

    def interrupt(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(interrupt)
    assert job.state == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.kill(job._child.pid, 0)


def test_a_backend_that_cannot_start(tmp_path):
    job = Supervisor([str(tmp_path / "nothing")], tmp_path, os.environ)
    with pytest.raises(BackendMissingError, match="cannot be started"):
        job.run()


def test_exit_codes_in_words():
    assert describe_exit(1) == "exit code 1"
    assert describe_exit(-11) == "killed by SIGSEGV"
    assert describe_exit(-250) == "killed by signal 250"
