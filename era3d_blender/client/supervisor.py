# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the backend on one job folder: started, watched, cancelled, and judged at the end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .environment import BackendMissingError
from .events import Event, EventReader
from .process import Child
from .worker import WorkerRun

STAGES = ("prepare", "views", "mesh", "texture")
_POLL_SECONDS = 0.02
_LEAST_BYTES = 64 * 1024

WAITING, RUNNING, CANCELLING = "waiting", "running", "cancelling"
FINISHED, FAILED, CANCELLED = "finished", "failed", "cancelled"


@dataclass
class StageStatus:
    """How far one stage is."""

    state: str = "waiting"  # waiting | running | finished | skipped | failed
    step: int = 0
    of: int = 0
    seconds: float | None = None
    began: float = field(default=0.0, compare=False)

    @property
    def fraction(self) -> float:
        """Progress between 0 and 1."""
        if self.state in {"finished", "skipped"}:
            return 1.0
        return min(self.step / self.of, 1.0) if self.of else 0.0


@dataclass
class Supervisor:
    """Starts the backend and follows it, either polled by a timer or to the end in one call.

    Parameters
    ----------
    command : sequence of str
    job : Path
        The job folder; it must exist.
    environ : Mapping
        The child's environment.
    grace : float
        Seconds a cancelled backend gets before it is killed.
    stage_names : sequence of str
        What its events tell of, in order.
    launch : callable
        Starts what does the work; by default a process of its own.

    Attributes
    ----------
    warnings : list of str
        What the artist should know although the work goes on.
    usual : Mapping
        Seconds that stages took in an earlier job of the same kind.
    preview : Path, optional
        The picture that shows how far the work is; it has changed when ``previews`` has.
    """

    command: Sequence[str]
    job: Path
    environ: Mapping[str, str]
    grace: float = 5.0
    stage_names: Sequence[str] = STAGES
    launch: Callable[[Supervisor], Child | WorkerRun] = lambda job: Child(
        job.command, job.log, job.environ, job.grace
    )
    state: str = WAITING
    message: str = ""
    warnings: list[str] = field(default_factory=list)
    preview: Path | None = None
    previews: int = 0
    exit_code: int | None = None
    stages: dict[str, StageStatus] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)
    started: float | None = None
    ended: float | None = None

    def __post_init__(self) -> None:
        self.stages = {name: StageStatus() for name in self.stage_names}
        self._reader: EventReader | None = None
        self._child: Child | WorkerRun | None = None

    @property
    def log(self) -> Path:
        """The file with everything the backend printed."""
        return self.job / "log.txt"

    @property
    def active(self) -> bool:
        """Whether the backend is still there."""
        return self.state in {RUNNING, CANCELLING}

    @property
    def seconds(self) -> float:
        """Time since the start, or how long it took."""
        if self.started is None:
            return 0.0
        return (time.monotonic() if self.ended is None else self.ended) - self.started

    def start(self) -> None:
        """Start the backend.

        Raises
        ------
        BackendMissingError
            When the system cannot run the command.
        """
        # What the events' file holds before the start is of an earlier run.
        self._reader = EventReader(self.job / "events.jsonl")
        try:
            self._child = self.launch(self)
        except OSError as error:
            reason = error.strerror or error
            raise BackendMissingError(f"The backend cannot be started: {reason}") from error
        self.state, self.started = RUNNING, time.monotonic()

    def poll(self) -> list[Event]:
        """Take in what is new and return it; bounded work, never a wait."""
        if self._child is None or not self.active:
            return []
        code = self._child.poll()  # before reading: after the end nothing new can come
        events = self._reader.read()
        for event in events:
            self._take(event)
        if code is not None and not events:
            self._finish(code)
        return events

    def run(self, on_event: Callable[[Event], None] = lambda event: None) -> str:
        """Run to the end and return the final state; an interrupt ends the backend first."""
        self.start()
        try:
            while self.active:
                for event in self.poll():
                    on_event(event)
                time.sleep(_POLL_SECONDS)
        except BaseException:
            self.cancel()
            while self.active:
                self.poll()
                time.sleep(_POLL_SECONDS)
            raise
        return self.state

    def cancel(self) -> None:
        """Ask the backend to stop; it is killed if it does not."""
        if self._child is not None and self.state == RUNNING:
            self.state = CANCELLING
            self._child.terminate()

    def kill(self) -> None:
        """End the backend now: Blender is closing, or the add-on is being switched off."""
        if self._child is not None and self.active:
            self._child.kill()
            self._end(CANCELLED)

    def fail(self, message: str) -> None:
        """Say that what the backend made is of no use."""
        self.state, self.message = FAILED, message

    def details(self) -> str:
        """Return what a report of a problem needs, as text."""
        code = "still running" if self.exit_code is None else describe_exit(self.exit_code)
        lines = self._child.last_lines(40) if self._child else []
        head = [f"Era3D: {self.message or self.state}", f"Backend: {code}"]
        return "\n".join(
            [*head, f"Command: {' '.join(self.command)}", f"Log: {self.log}", "", *lines]
        )

    def _take(self, event: Event) -> None:
        stage = self.stages.get(event.stage)
        if event.kind == "failed":
            self.message = event.message
        elif event.kind == "warning":
            self.warnings.append(event.message)
        elif event.kind == "preview":
            self._show(event.preview)
        if stage is None:
            return
        if event.kind in {"started", "progress"}:
            if stage.state != "running":
                stage.state, stage.began = "running", time.monotonic()
            stage.step = stage.step if event.step is None else event.step
            stage.of = stage.of if event.of is None else event.of
        elif event.kind in {"finished", "skipped", "failed"}:
            stage.state, stage.seconds = event.kind, event.seconds

    def _show(self, name: str) -> None:
        """Take a preview, unless it lies outside the job."""
        path = (self.job / name).resolve()
        if path.is_relative_to(self.job.resolve()) and path.is_file():
            self.preview, self.previews = path, self.previews + 1

    def _finish(self, code: int) -> None:
        self.exit_code = code
        if self.state == CANCELLING:
            self._end(CANCELLED)
        elif code == 0:
            self._end(FINISHED)
        else:
            self.message = self.message or self._last_words(code)
            self._end(FAILED)

    def _last_words(self, code: int) -> str:
        if is_full(self.job):  # then the backend could not even say so
            return f"The disk that holds {self.job} is full; free some space and try again"
        lines = self._child.last_lines(1) if self._child else []
        return "; ".join([f"The backend stopped ({describe_exit(code)})", *lines])

    def _end(self, state: str) -> None:
        self.state = state
        self.ended = time.monotonic()
        for stage in self.stages.values():
            if stage.state == "running":
                stage.state = "failed" if state == FAILED else "waiting"


def is_full(folder: Path) -> bool:
    """Tell whether there is no room on a folder's disk for the smallest of a job's files."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_BYTES
    except OSError:
        return False


def describe_exit(code: int) -> str:
    """Return an exit code in words: "exit code 1", or "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
