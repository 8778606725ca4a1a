# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Something asked of the backend's command line that answers with one JSON object."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environment import scrubbed
from .process import Child
from .supervisor import Supervisor

_LONGEST_SECONDS = 120.0
_POLL_SECONDS = 0.05
_MOST_BYTES = 4 * 1024 * 1024


class Question:
    """One question under way.

    Parameters
    ----------
    command : sequence of str
    file : Path
        Takes what is answered.
    environ : Mapping, optional

    Attributes
    ----------
    answer : dict, optional
        The object, once it is there.
    problem : str
        Why there is none.
    """

    def __init__(
        self, command: Sequence[str], file: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        file.unlink(missing_ok=True)
        self.answer: dict[str, Any] | None = None
        self.problem = ""
        self._file = file
        self._until = time.monotonic() + _LONGEST_SECONDS
        self._child = Child(command, file, scrubbed() if environ is None else environ)

    def done(self) -> bool:
        """Look once; after the end the answer or the problem is there."""
        code = self._child.poll()
        if code is None and time.monotonic() < self._until:
            return False
        self._child.kill()
        self.answer = self._object()
        if self.answer is None:
            said = self._child.last_lines(1) or ["it says nothing"]
            self.problem = "it takes too long" if code is None else said[0]
        return True

    def wait(self) -> None:
        """Wait for the answer."""
        while not self.done():
            time.sleep(_POLL_SECONDS)

    def _object(self) -> dict[str, Any] | None:
        """Return the last line that is an object: warnings may stand before it."""
        text = self._file.read_bytes()[-_MOST_BYTES:].decode("utf-8", "replace")
        for line in reversed(text.splitlines()):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
        return None


def doctor_command(python: Path) -> list[str]:
    """Return the command that says what the backend's machine can run."""
    return [str(python), "-I", "-m", "era3d", "doctor", "--json"]


def models_command(python: Path) -> list[str]:
    """Return the command that lists the models."""
    return [str(python), "-I", "-m", "era3d", "models", "list", "--json"]


def remove_command(python: Path, name: str) -> list[str]:
    """Return the command that deletes a model's files."""
    return [str(python), "-I", "-m", "era3d", "models", "remove", name, "--yes"]


def download(python: Path, name: str, folder: Path) -> Supervisor:
    """Return the download of a model, ready to start, followed as a job is.

    Its standard output is a job's events already, so that it goes where those are looked for.
    """
    command = [str(python), "-I", "-m", "era3d", "models", "download", name, "--yes", "--json"]

    def launch(run: Supervisor) -> Child:
        return Child(run.command, run.job / "events.jsonl", run.environ, run.grace)

    return Supervisor(command, folder, scrubbed(), stage_names=("download",), launch=launch)
