# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's long-lived process: one for job after job, told by lines, answering in files."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .process import Tail, started


class Worker:
    """A started worker; it ends by itself when this process does, however that ends.

    Parameters
    ----------
    command : sequence of str
        Starts it, without the state file.
    folder : Path
        Of its state file and of what it prints outside of jobs.
    environ : Mapping
    """

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        # One that was closed may still write its last words while the next is at work.
        name = f"worker-{secrets.token_hex(4)}"
        self._state_file = folder / f"{name}.json"
        self.command = [*command, "--state", str(self._state_file)]
        self._seen: tuple[int, dict[str, Any]] = (0, {})
        self._numbers = itertools.count(1)
        self._process = started(self.command, folder / f"{name}.log", environ, subprocess.PIPE)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, or None while it lives."""
        return self._process.poll()

    def order(self, order: Mapping[str, Any]) -> str:
        """Give an order and return its id.

        Raises
        ------
        OSError
            When the worker is gone.
        """
        name = str(next(self._numbers))
        self._process.stdin.write(json.dumps({**order, "id": name}).encode() + b"\n")
        self._process.stdin.flush()
        return name

    def outcome(self, name: str) -> int | None:
        """Return how the order of an id ended, as an exit code, or None while it has not."""
        last = self._state().get("last") or {}
        return last.get("code") if last.get("id") == name else None

    def close(self) -> None:
        """Let it end by itself: nobody will ask it for anything any more."""
        self._process.stdin.close()

    def end(self, seconds: float) -> None:
        """Let it end by itself and wait for that; after the time it is killed."""
        self.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it now and wait until the system has it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=10)
        self._process.stdin.close()

    def _state(self) -> dict[str, Any]:
        """Return the state file's content; read again only when it has changed."""
        try:
            changed = self._state_file.stat().st_mtime_ns
            if changed != self._seen[0]:
                self._seen = (changed, json.loads(self._state_file.read_text("utf-8")))
        except (OSError, ValueError):
            pass  # not written yet
        return self._seen[1]


class WorkerRun:
    """One job of a worker, with the manners of a process of its own.

    Parameters
    ----------
    worker : Worker
    order : Mapping
        What the worker is told.
    log : Path
        Where it prints during the job.
    grace : float
        Seconds between asking the worker to stop and killing it.

    Raises
    ------
    OSError
        When the worker is gone.
    """

    def __init__(self, worker: Worker, order: Mapping[str, Any], log: Path, grace: float) -> None:
        self._worker = worker
        self._grace = grace
        self._kill_at: float | None = None
        self._tail = Tail(log)
        self._name = worker.order(order)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._worker.pid

    def poll(self) -> int | None:
        """Return the exit code, of the job or of a worker that died, or None."""
        gone = self._worker.poll()
        code = self._worker.outcome(self._name)
        if code is not None:
            return code
        if gone is None and self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._worker.kill()
        return gone

    def terminate(self) -> None:
        """Ask the worker to stop the job; `poll` kills it if that takes too long."""
        if self._kill_at is None and self.poll() is None:
            self._kill_at = time.monotonic() + self._grace
            self._worker.order({"command": "cancel"})

    def kill(self) -> None:
        """End the worker, and the job with it, now."""
        self._worker.kill()

    def last_lines(self, count: int = 12) -> list[str]:
        """Return the last lines that were printed during the job."""
        return self._tail.lines(count)
