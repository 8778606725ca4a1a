# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes on one job: the second is told who holds it; a dead one does not count."""

import subprocess
import sys

import pytest

from era3d.errors import InputError
from era3d.job import Job, Request
from era3d.lock import LOCK_FILES, holding

HOLD = """
import sys
from pathlib import Path
from era3d.lock import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the folder until its input closes."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_the_second_is_told_who_holds_the_job(tmp_path, other):
    with pytest.raises(InputError, match=rf"in use by process {other.pid} on .+ since \d\d:"):
        Job.create(tmp_path, Request())
    assert not (tmp_path / "request.json").exists()


def test_a_lock_of_a_killed_process_is_taken_over(tmp_path, other):
    other.kill()
    other.wait()
    assert (tmp_path / ".holder.json").exists()
    assert Job.create(tmp_path, Request()).request == Request()
    assert not (tmp_path / ".holder.json").exists()


def test_a_process_may_hold_its_own_job_twice(tmp_path):
    with holding(tmp_path):
        with holding(tmp_path):
            pass
        assert (tmp_path / ".holder.json").exists()
    assert {path.name for path in tmp_path.iterdir()} <= LOCK_FILES - {".holder.json"}
