# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job's events as a client reads them: whole lines, each known by the place after it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from era3d.job import EventLog
from era3d.serve.refusal import Refusal, without_folder

ENDINGS = frozenset({"done", "failed", "cancelled"})
_MOST_BYTES = 2**18


@dataclass(frozen=True)
class Line:
    """An event as JSON, and the offset in events.jsonl at which the next one begins."""

    text: str
    next: int


def read_lines(folder: Path, since: int) -> tuple[list[Line], int]:
    """Read the lines that are complete, from an offset on.

    Returns
    -------
    lines : list of Line
        At most some hundreds of kilobytes of them; lines cut by a crash are left out.
    next : int
        Where to read on.
    """
    path = folder / "events.jsonl"
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size <= since:
                return [], since
            file.seek(since)
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return [], since
    found = []
    for raw in content[: content.rfind(b"\n") + 1].splitlines(keepends=True):
        since += len(raw)
        event = _parse(raw)
        if event is not None:
            found.append(Line(json.dumps(_without_folder(event, folder)), since))
    return found, since


def check_offset(folder: Path, given: str | None) -> int:
    """Read an offset that a client gave back: it must be one that it was told.

    Raises
    ------
    Refusal
        422 if no event ends there.
    """
    if not given:
        return 0
    path = folder / "events.jsonl"
    if given.isascii() and given.isdigit() and len(given) < 16:
        offset = int(given)
        if offset == 0:
            return 0
        if path.is_file() and offset <= path.stat().st_size:
            with path.open("rb") as file:
                file.seek(offset - 1)
                if file.read(1) == b"\n":
                    return offset
    raise Refusal(422, "No event has this id; leave it out to have all events.")


def length(folder: Path) -> int:
    """Bytes that events.jsonl has now."""
    path = folder / "events.jsonl"
    return path.stat().st_size if path.exists() else 0


def end_with(folder: Path, since: int, kind: str, message: str) -> None:
    """See to it that the events after an offset end with one that says how the run ended."""
    last, lines = None, read_lines(folder, since)[0]
    while lines:
        last, since = json.loads(lines[-1].text), lines[-1].next
        lines = read_lines(folder, since)[0]
    if last is None or last["kind"] not in ENDINGS:
        log = EventLog(folder / "events.jsonl")
        log.emit(kind, message=message or None)
        log.close()


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(raw)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("kind"), str) else None


def _without_folder(event: dict[str, Any], folder: Path) -> dict[str, Any]:
    if isinstance(message := event.get("message"), str):
        event["message"] = without_folder(message, folder)
    return event
