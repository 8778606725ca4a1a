# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One child process: no pipe that could fill up, no thread, and an end that is certain."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_TAIL_BYTES = 16_384


class Child:
    """A started program whose output goes to a file.

    Parameters
    ----------
    command : sequence of str
    log : Path
        Receives standard output and standard error, appended.
    environ : Mapping
    grace : float
        Seconds between asking the child to stop and killing it.
    """

    def __init__(
        self, command: Sequence[str], log: Path, environ: Mapping[str, str], grace: float = 5.0
    ) -> None:
        self.grace = grace
        self._tail = Tail(log)
        self._kill_at: float | None = None
        self._process = started(command, log, environ, subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code or None, and kill a child whose grace has run out."""
        code = self._process.poll()
        if code is None and self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._process.kill()
        return code

    def terminate(self) -> None:
        """Ask the child to stop; `poll` kills it if it has not done so within the grace."""
        if self._process.poll() is None and self._kill_at is None:
            self._kill_at = time.monotonic() + self.grace
            self._process.terminate()

    def kill(self) -> None:
        """End the child now and wait until the system has it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=10)

    def wait(self, seconds: float) -> int:
        """Wait for the end and return the exit code; a child that takes longer is killed."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.returncode

    def last_lines(self, count: int = 12) -> list[str]:
        """Return the last lines of what this child wrote."""
        return self._tail.lines(count)


class Tail:
    """The end of a log, from where it is now on."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._start = log.stat().st_size if log.exists() else 0

    def lines(self, count: int) -> list[str]:
        """Return the last lines that are not empty."""
        try:
            with self._log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._start, end - _TAIL_BYTES))
                text = log.read(_TAIL_BYTES).decode("utf-8", "replace")
        except OSError:
            return []
        # A progress bar rewrites its line with a carriage return: only its last state counts.
        lines = [
            line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")
        ]
        return [line for line in lines if line][-count:]


def started(
    command: Sequence[str], log: Path, environ: Mapping[str, str], stdin: int
) -> subprocess.Popen:
    """Start a program in the folder of its log, which takes all that it prints."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=dict(environ),
            close_fds=True,
            **_detached(),
        )


def _detached() -> dict[str, object]:
    """Return what keeps the terminal's Ctrl-C, and a console window, away from the child."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags}
    return {"start_new_session": True}
