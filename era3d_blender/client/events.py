# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a growing events.jsonl: only what is new, only whole lines, a bounded amount at a time."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

_CHUNK_BYTES = 16_384  # about two milliseconds of parsing on a busy machine
_LONGEST_LINE = 65_536


@dataclass(frozen=True)
class Event:
    """One line of events.jsonl; what a line leaves out is None or empty."""

    kind: str
    stage: str = ""
    step: int | None = None
    of: int | None = None
    seconds: float | None = None
    message: str = ""
    preview: str = ""


class EventReader:
    """Incremental reader of one events file.

    Parameters
    ----------
    path : Path
        The file; it may not exist yet. What it holds now belongs to an earlier run and is skipped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self._partial = b""

    def read(self) -> list[Event]:
        """Return the events of the complete lines that are new, at most one chunk of them."""
        lines = (self._partial + self._new_bytes()).split(b"\n")
        self._partial = lines.pop()
        if len(self._partial) > _LONGEST_LINE:
            self._partial = b""
        return [event for event in map(parse, lines) if event is not None]

    def _new_bytes(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._offset:  # written anew
                    self._offset, self._partial = 0, b""
                file.seek(self._offset)
                data = file.read(_CHUNK_BYTES)
        except OSError:
            return b""
        self._offset += len(data)
        return data


def parse(line: bytes) -> Event | None:
    """Return the event of a line, or None for anything that is not one."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        return None
    return Event(
        kind=record["kind"],
        stage=_text(record.get("stage")),
        step=_count(record.get("step")),
        of=_count(record.get("of")),
        seconds=_number(record.get("seconds")),
        message=_text(record.get("message")),
        preview=_text(record.get("preview")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 else int(number)
