# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long-lived child that runs jobs one after another, as its input tells it.

Commands are lines of JSON on standard input:

- ``{"command": "generate", "job": DIR, "request": {...}, "picture": FILE}``: a new job;
- ``{"command": "run", "job": DIR}``: run what has changed; with ``"from": STAGE`` to run again from
  a stage on, with ``"request": {...}`` to change entries of the request first;
- both with ``"until": STAGE`` to end after a stage;
- ``{"command": "cancel"}``: stop the job that runs and drop those that wait;
- ``{"command": "release"}``: let go of the model and its memory;
- ``{"command": "shut down"}``: finish what was asked, then end.

A command may have an ``"id"``, which the state file repeats. The worker answers in files alone, so
nobody must drain a pipe: what becomes of a job stands in the job's events.jsonl, what is printed
meanwhile in its log.txt, what the worker is doing in the state file. When its input closes, it
ends: whoever started it is gone.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from era3d import __version__
from era3d.diffusion.warm import forget_models, keep_models
from era3d.errors import Cancelled
from era3d.files import write_object
from era3d.job import Job, parse_request
from era3d.outcome import Outcome, outcome_of
from era3d.stages import create_from_picture, run

PROTOCOL = 1
JOBS = ("generate", "run")
# A stage that does not come up for air is left behind when nobody waits for it any more.
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Order:
    """One command, and the means to stop what it started."""

    command: str
    job: Path = Path()
    first: str | None = None
    last: str | None = None
    request: dict[str, Any] = field(default_factory=dict)
    picture: Path | None = None
    id: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Job:
        """The job, made first if that was asked."""
        if self.picture is None:
            job = Job(self.job)
            job.change(self.request)
            return job
        return create_from_picture(self.job, parse_request(self.request), self.picture)

    def come_up_for_air(self, event: dict[str, Any]) -> None:
        """Listen to a job's events: the moments at which it can be stopped."""
        if self.stop.is_set() and event["kind"] in ("started", "progress", "preview"):
            raise Cancelled


class Worker:
    """Obeys commands one after another.

    Parameters
    ----------
    state_file : Path
        JSON: protocol, version, process, state (``idle``, ``running``, ``ended``), job, and of the
        last job its folder, the command's id, exit code and message.
    idle_seconds : float
        After this time without a command the model is released.
    """

    def __init__(self, state_file: Path, idle_seconds: float) -> None:
        self._state_file, self._idle_seconds = state_file, idle_seconds
        self._orders: queue.Queue[Order] = queue.Queue()
        self._unfinished: list[Order] = []
        self._last: dict[str, Any] | None = None

    def serve(self, lines: TextIO) -> None:
        """Do what the lines say until they end or say so."""
        keep_models()
        self._tell("idle")
        threading.Thread(target=self._listen, args=(lines,), daemon=True).start()
        try:
            while (order := self._next()).command != "shut down":
                if order.command == "release":
                    forget_models()
                else:
                    self._run(order)
        finally:
            self._tell("ended")

    def _listen(self, lines: TextIO) -> None:
        """Queue the orders; a cancel must not wait behind the job that it ends."""
        for line in lines:
            order = parse(line)
            if order is None:
                print(f"worker: not understood: {line[:200]!r}", file=sys.stderr)  # noqa: T201
            elif order.command == "cancel":
                self._cancel()
            else:
                if order.command in JOBS:
                    self._unfinished.append(order)
                self._orders.put(order)
        self._cancel()
        self._orders.put(Order("shut down"))
        threading.Event().wait(_GRACE_SECONDS)
        os._exit(0)  # this daemon thread gets here only if the main one is still at work

    def _cancel(self) -> None:
        for order in list(self._unfinished):
            order.stop.set()

    def _next(self) -> Order:
        try:
            return self._orders.get(timeout=self._idle_seconds)
        except queue.Empty:
            forget_models()
            return self._orders.get()

    def _run(self, order: Order) -> None:
        self._tell("running", order.job)
        outcome = Outcome()
        with _printed_to(order.job / "log.txt"):
            try:
                job = order.open()
                log = job.events()
                log.listeners.append(order.come_up_for_air)
                run(job, order.first, log, order.last)
            except Exception as error:
                outcome = outcome_of(error)
                print(f"era3d: {outcome.message}", file=sys.stderr, flush=True)  # noqa: T201
        self._unfinished.remove(order)
        self._last = {"job": str(order.job), "id": order.id} | asdict(outcome)
        self._tell("idle")

    def _tell(self, state: str, job: Path | None = None) -> None:
        told = {"protocol": PROTOCOL, "version": __version__, "process": os.getpid()}
        told |= {"state": state, "job": job and str(job), "last": self._last}
        write_object(self._state_file, told)


def parse(line: str) -> Order | None:
    """Return the order that a line holds, or None for anything else."""
    try:
        given = json.loads(line)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    if not isinstance(given.get("request", {}), dict):
        return None
    about: dict[str, Any] = {"request": given.get("request", {}), "id": str(given.get("id", ""))}
    about |= {key: given.get(name) for key, name in (("first", "from"), ("last", "until"))}
    match given:
        case {"command": "generate", "job": str(job), "picture": str(picture)}:
            return Order("generate", Path(job), picture=Path(picture), **about)
        case {"command": "run", "job": str(job)}:
            return Order("run", Path(job), **about)
        case {"command": "cancel" | "release" | "shut down" as command}:
            return Order(command)
    return None


@contextmanager
def _printed_to(log: Path) -> Iterator[None]:
    """Send what this process and its libraries print to a job's log, if the folder is there."""
    if not log.parent.is_dir():
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    with log.open("ab") as file:
        for number, _ in kept:
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
