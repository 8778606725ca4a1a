# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker process (`era3d worker`) as the server that started it sees it."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from era3d.errors import InputError
from era3d.files import TEMPORARY
from era3d.lock import InUseError, holding
from era3d.outcome import FAILED, TERMINATED, Outcome

_COMMAND = (sys.executable, "-m", "era3d", "worker", "--state")
_LOOK_EVERY = 0.05
_START_SECONDS, _CANCEL_SECONDS, _FREE_SECONDS = 120.0, 20.0, 15.0
_LONGEST_LOG = 2**20


class Ended(Exception):
    """The worker is gone; the message says how."""


class Child:
    """Runs one job at a time in a process that is started when there is work.

    Parameters
    ----------
    folder : Path
        For the worker's state file and log.
    name : str
        Of this worker among others.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        self._state_file, self._log_file = folder / f"{name}.json", folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled: float | None = None

    async def run(self, job: Path, first: str | None, last: str | None, seconds: float) -> Outcome:
        """Run a job's stages to their end, which may be that of the worker."""
        self._cancelled = None
        try:
            await self._be_ready()
            await _be_free(job)
            name = secrets.token_hex(8)
            order = {"command": "run", "job": str(job), "from": first, "until": last}
            await self._tell(order | {"id": name})
            ended = await self._until_done(name, time.monotonic() + seconds)
        except Ended as error:
            return Outcome(FAILED if self._cancelled is None else TERMINATED, str(error))
        except InputError as error:
            return Outcome(FAILED, str(error))
        return Outcome(ended["code"], ended["message"])

    def cancel(self) -> None:
        """Ask for the end of the job that runs; after a while the worker is ended."""
        if self._cancelled is None:
            self._cancelled = time.monotonic()

    async def stop(self) -> None:
        """End the worker now; the job can be run again, its finished stages are kept."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _be_ready(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        halves = self._state_file.parent.glob(f"{TEMPORARY}*-{self._state_file.name}")
        for left in (self._state_file, *halves):  # by one that was killed
            left.unlink(missing_ok=True)
        self._process = await self._start()
        end = time.monotonic() + _START_SECONDS
        while (state := self._state()) is None or state["state"] != "idle":
            await self._look_on(end, "The worker did not start and was ended; run the job again.")

    async def _start(self) -> asyncio.subprocess.Process:
        with self._open_log() as log:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                str(self._state_file),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # A Ctrl-C is meant for the server, which ends its workers itself.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
                | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            )
        if os.name == "posix":  # the server must answer while its workers compute
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, 5)
        return process

    def _open_log(self) -> IO[bytes]:
        too_long = self._log_file.exists() and self._log_file.stat().st_size > _LONGEST_LOG
        return self._log_file.open("wb" if too_long else "ab")

    async def _tell(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()

    async def _until_done(self, name: str, end: float) -> dict[str, Any]:
        """Wait for the end of an order; returns what the worker tells of it."""
        told, late = False, "The job took too long and was ended; ask for less, or run it again."
        while not (state := self._state()) or not (last := state["last"]) or last["id"] != name:
            if self._cancelled is not None:
                if not told:
                    await self._tell({"command": "cancel"})
                    told = True
                end = min(end, self._cancelled + _CANCEL_SECONDS)
                late = "The job did not stop when it was asked to, and was ended with its worker."
            await self._look_on(end, late)
        last_told: dict[str, Any] = last
        return last_told

    async def _look_on(self, end: float, late: str) -> None:
        """Wait a moment; the worker's end, which comes when it is late, is an error."""
        assert self._process is not None
        if time.monotonic() > end:
            await self.stop()
            raise Ended(late)
        if self._process.returncode is not None:
            raise Ended(
                f"The worker ended{_how(self._process.returncode)}; finished stages are kept, "
                "run the job again."
            )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _LOOK_EVERY)

    def _state(self) -> dict[str, Any] | None:
        try:
            state = json.loads(self._state_file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        own = self._process is not None and state["process"] == self._process.pid
        return state if own else None


async def _be_free(job: Path) -> None:
    """Wait while the worker of a server that was killed lets go of the job."""
    end = time.monotonic() + _FREE_SECONDS
    while True:
        try:
            with holding(job):
                return
        except InUseError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(_LOOK_EVERY)


def _how(code: int) -> str:
    if code >= 0:
        return f" with code {code}"
    with contextlib.suppress(ValueError):
        return f" by {signal.Signals(-code).name}"
    return f" by signal {-code}"
