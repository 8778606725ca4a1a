# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One child process, well and badly behaved."""

from __future__ import annotations

import os
import sys
import time

import pytest

from era3d_blender.client.process import Child


def child(tmp_path, code, grace=5.0):
    return Child([sys.executable, "-c", code], tmp_path / "log.txt", os.environ, grace)


def ended(process, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        code = process.poll()
        if code is not None:
            return code
        time.sleep(0.02)
    pytest.fail("the child did not end")


def test_output_goes_to_the_log_and_no_flood_stalls_it(tmp_path):
    process = child(tmp_path, "import sys; sys.stderr.write('n' * 500_000 + '\\nlast words')")
    assert ended(process) == 0
    assert process.last_lines(1) == ["last words"]
    assert (tmp_path / "log.txt").stat().st_size > 500_000


def test_the_log_is_appended_but_an_earlier_run_is_not_quoted(tmp_path):
    (tmp_path / "log.txt").write_text("last week's trouble\n")
    process = child(tmp_path, "print('today')")
    ended(process)
    assert process.last_lines() == ["today"]
    assert "last week" in (tmp_path / "log.txt").read_text()


def test_only_the_last_state_of_a_progress_bar_is_quoted(tmp_path):
    process = child(tmp_path, r"print('10 %\r50 %\r100 %\n')")
    ended(process)
    assert process.last_lines() == ["100 %"]


def test_terminate_then_kill_after_the_grace(tmp_path):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); "
    process = child(tmp_path, deaf + "print('up', flush=True); time.sleep(60)", grace=0.3)
    while not process.last_lines():
        time.sleep(0.02)
    process.terminate()
    time.sleep(0.1)
    assert process.poll() is None  # it still has its grace
    assert ended(process) == -9


def test_kill_leaves_nothing(tmp_path):
    process = child(tmp_path, "import time; time.sleep(60)")
    process.kill()
    assert process.poll() == -9
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
