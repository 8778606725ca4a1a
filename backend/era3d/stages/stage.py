# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage is, and how its work tells what happens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from era3d.errors import InputError
from era3d.job import EventLog, Job, Request


@dataclass
class Report:
    """What a stage's work may tell while it runs; each call is an event of the job.

    Attributes
    ----------
    warnings : list of str
        Everything that was warned of, for job.json.
    """

    log: EventLog
    stage: str
    warnings: list[str] = field(default_factory=list)

    def progress(self, step: int, of: int) -> None:
        """``step`` of ``of`` steps are done."""
        self.log.emit("progress", stage=self.stage, step=step, of=of)

    def preview(self, file: str) -> None:
        """A file of the job folder shows how far the work is."""
        self.log.emit("preview", stage=self.stage, preview=file)

    def note(self, message: str) -> None:
        """Something worth knowing while the work goes on, and not afterwards."""
        self.log.emit("note", stage=self.stage, message=message)

    def warn(self, message: str) -> None:
        """The work goes on, but the user should know this."""
        self.warnings.append(message)
        self.log.emit("warning", stage=self.stage, message=message)


@dataclass(frozen=True)
class Stage:
    """One step of the chain.

    Attributes
    ----------
    inputs : tuple of str
        Files of the job folder.
    outputs : callable
        Files of the job folder that a request makes.
    settings : callable
        The part of the request (and of the installation) that the result depends on.
    work : callable
        Reads the inputs, writes the outputs, returns details for job.json.
    optional : tuple of str
        Files of the job folder that count as inputs where they are there.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: Callable[[Request], tuple[str, ...]]
    settings: Callable[[Request], dict[str, Any]]
    work: Callable[[Job, Report], dict[str, Any]]
    optional: tuple[str, ...] = ()

    def present_inputs(self, job: Job) -> list[Path]:
        """The files that the result depends on.

        Raises
        ------
        InputError
            If one is missing that is not optional.
        """
        for name in self.inputs:
            if not job.path(name).is_file():
                raise InputError(f"{job.path(name)} is missing; run the stages before {self.name}.")
        given = [job.path(name) for name in self.optional]
        return [job.path(name) for name in self.inputs] + [path for path in given if path.is_file()]
