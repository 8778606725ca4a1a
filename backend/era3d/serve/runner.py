# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the jobs of a store, the oldest first, in some workers; goes on where it was killed."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from pathlib import Path
from typing import Protocol

from era3d import outcome
from era3d.outcome import OK, TERMINATED, Outcome
from era3d.serve import events
from era3d.serve.child import Child
from era3d.serve.metrics import Metrics
from era3d.serve.refusal import without_folder
from era3d.serve.settings import ServerSettings
from era3d.serve.store import CANCELLED, FAILED, FINISHED, QUEUED, RUNNING, JobStore, Record

_MOST_ATTEMPTS = 3
_ENDINGS = {FINISHED: "done", FAILED: "failed", CANCELLED: "cancelled"}
_STATES = {OK: FINISHED, TERMINATED: CANCELLED}
_log = logging.getLogger(__name__)


class Executor(Protocol):
    """What runs one job at a time: `Child`, or something elsewhere."""

    async def run(self, job: Path, first: str | None, last: str | None, seconds: float) -> Outcome:
        """Run a job from a stage, or from what has changed, until a stage or its end."""

    def cancel(self) -> None:
        """Ask for the end of the job that runs."""

    async def stop(self) -> None:
        """Let go of everything."""


class Runner:
    """The queue and what works it off; all of it in one event loop.

    Parameters
    ----------
    store : JobStore
    settings : ServerSettings
    metrics : Metrics
    executors : list, optional
        By default as many workers as the settings say.
    """

    def __init__(
        self,
        store: JobStore,
        settings: ServerSettings,
        metrics: Metrics,
        executors: list[Executor] | None = None,
    ) -> None:
        self._store, self._settings, self._metrics = store, settings, metrics
        names = [f"worker-{number}" for number in range(settings.workers)]
        self._executors: list[Executor] = (
            [Child(store.root / ".workers", name) for name in names]
            if executors is None
            else executors
        )
        self._waiting: deque[Record] = deque()
        self._running: dict[str, Executor] = {}
        self._more = asyncio.Semaphore(0)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Queue what a former server left, and begin."""
        left = [each for each in self._store.records.values() if each.state in (QUEUED, RUNNING)]
        for record in sorted(left, key=lambda each: each.number):
            record.state = QUEUED
            self._wait(record)
        self._tasks = [asyncio.create_task(self._work(each)) for each in self._executors]

    async def stop(self) -> None:
        """End all workers; jobs that wait or run stay so for the next server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for executor in self._executors:
            await executor.stop()

    def enqueue(self, record: Record, first: str | None = None, last: str | None = None) -> None:
        """Run a job after those that wait."""
        record.state, record.first, record.last, record.message = QUEUED, first, last, ""
        record.code = 0
        record.number, record.attempts, record.kept_seconds = self._store.next_number(), 0, 0.0
        self._store.save(record)
        self._wait(record)

    def ahead(self, record: Record) -> int | None:
        """How many jobs are before one that waits."""
        return self._waiting.index(record) if record in self._waiting else None

    @property
    def workers(self) -> int:
        """Jobs that can run at a time."""
        return len(self._executors)

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Jobs that run."""
        return len(self._running)

    async def cancel(self, record: Record) -> None:
        """End a job that waits or runs; returns when it has ended."""
        if record in self._waiting:
            self._waiting.remove(record)
            began = events.length(self._store.folder(record))
            self._end(record, Outcome(TERMINATED), began)
        while record.id in self._running:
            self._running[record.id].cancel()
            await asyncio.sleep(0.02)

    def _wait(self, record: Record) -> None:
        self._waiting.append(record)
        self._more.release()

    async def _work(self, executor: Executor) -> None:
        while True:
            await self._more.acquire()
            if not self._waiting:  # it was cancelled
                continue
            record = self._waiting.popleft()
            self._running[record.id] = executor
            try:
                await self._run(executor, record)
            except Exception:
                _log.exception("job %s…", record.id[:6])
                record.state, record.message = FAILED, "The server failed; its log says how."
                record.code = outcome.FAILED
            finally:
                del self._running[record.id]

    async def _run(self, executor: Executor, record: Record) -> None:
        folder = self._store.folder(record)
        began, start = events.length(folder), time.monotonic()
        if record.attempts >= _MOST_ATTEMPTS:
            down = "The server went down each time this job ran."
            self._end(record, Outcome(outcome.FAILED, down), began)
            return
        record.state, record.attempts = RUNNING, record.attempts + 1
        self._store.save(record)
        seconds = self._settings.limits.job_seconds
        try:
            ended = await executor.run(folder, record.first, record.last, seconds)
        except asyncio.CancelledError:  # the server stops in order, which is not the job's doing
            record.attempts -= 1
            self._store.save(record)
            raise
        self._metrics.job_seconds.observe(time.monotonic() - start)
        self._end(record, ended, began)

    def _end(self, record: Record, ended: Outcome, began: int) -> None:
        """Write down how a run ended; whoever follows the events learns it from them too."""
        state, folder = _STATES.get(ended.code, FAILED), self._store.folder(record)
        message = "" if state == FINISHED else without_folder(_last_line(ended.message), folder)
        self._metrics.jobs.labels(state).inc()
        with contextlib.suppress(FileNotFoundError):
            events.end_with(folder, began, _ENDINGS[state], message)
        record.state, record.message, record.code = state, message, ended.code
        self._store.save(record)


def _last_line(message: str) -> str:
    """A traceback says where files of the server lie; its last line says what happened."""
    return message.rstrip().rpartition("\n")[2]
