# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job's stages one after another on replicas; goes on elsewhere when one dies."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Protocol

from era3d.errors import InputError
from era3d.files import clean_up
from era3d.job import EventLog, Job
from era3d.lock import holding
from era3d.outcome import FAILED, OK, TERMINATED, Outcome, outcome_of
from era3d.serve.cluster.parcel import Parcel, pack, unpack
from era3d.serve.cluster.replica import Told
from era3d.stages import is_current, stages_of
from era3d.stages.stage import Stage

_MOST_ATTEMPTS = 3


class ReplicaDied(Exception):
    """The replica that ran a stage is gone; another may do better."""


class Run(Protocol):
    """A stage that runs on some replica."""

    def __aiter__(self) -> AsyncIterator[Told]:
        """Follow it to its end; raises `ReplicaDied`."""

    def cancel(self) -> None:
        """Ask for its end, which comes as `asyncio.CancelledError`."""


Start = Callable[[Parcel, bool, float], Run]
"""Starts a stage on a replica that is free, now or when one is; see `StageReplica.run`."""


class ClusterExecutor:
    """Runs one job at a time, each stage on a replica of its own deployment.

    Parameters
    ----------
    starts : Mapping
        By the stages' names.
    """

    def __init__(self, starts: Mapping[str, Start]) -> None:
        self._starts = starts
        self._cancelled = False
        self._run: Run | None = None

    async def run(self, job: Path, first: str | None, last: str | None, seconds: float) -> Outcome:
        """Run a job's stages; what is finished is kept, whoever dies."""
        self._cancelled = False
        log, began = EventLog(job / "events.jsonl"), time.monotonic()
        try:
            with holding(job):
                await asyncio.to_thread(clean_up, job)
                for stage in stages_of(Job(job).request, first, last):
                    if first is None and await asyncio.to_thread(_is_current, job, stage):
                        log.emit("skipped", stage=stage.name)
                        continue
                    left = seconds - (time.monotonic() - began)
                    outcome = await self._run_stage(job, stage, first is not None, left, log)
                    if outcome.code != OK:
                        return outcome
            log.emit("done", seconds=round(time.monotonic() - began, 3))
            return Outcome(OK)
        except Exception as error:
            return outcome_of(error)
        finally:
            log.close()

    def cancel(self) -> None:
        """Ask for the end of the job that runs."""
        self._cancelled = True
        if self._run is not None:
            self._run.cancel()

    async def stop(self) -> None:
        """Let go of the job that runs; it can be run again."""
        self.cancel()

    async def _run_stage(
        self, job: Path, stage: Stage, again: bool, seconds: float, log: EventLog
    ) -> Outcome:
        for _ in range(_MOST_ATTEMPTS):
            if self._cancelled:
                break
            files = await asyncio.to_thread(pack, job)
            self._run = self._starts[stage.name](files, again, seconds)
            try:
                return await self._follow(self._run, job, log)
            except ReplicaDied:
                again_words = "Where this stage ran, it was broken off; it begins anew elsewhere."
                log.emit("warning", stage=stage.name, message=again_words)
            except asyncio.CancelledError:
                if not self._cancelled:  # it is we who are cancelled, not the stage
                    self._run.cancel()
                    raise
            finally:
                self._run = None
        if self._cancelled:
            return Outcome(TERMINATED, "terminated")
        return Outcome(FAILED, f"The stage {stage.name} was broken off again and again; try later.")

    async def _follow(self, run: Run, job: Path, log: EventLog) -> Outcome:
        """Repeat here what a replica tells."""
        async for told in run:
            await asyncio.to_thread(unpack, told.files, job)
            for event in told.events:
                log.repeat(event)
            if told.outcome is not None:
                return told.outcome
        raise ReplicaDied


def _is_current(job: Path, stage: Stage) -> bool:
    """Whether a stage has nothing to do; where that cannot be said here, a replica finds out."""
    with contextlib.suppress(InputError):
        return is_current(Job(job), stage)
    return False
