# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installer tells: events as of a job, and errors in words."""

from __future__ import annotations

import json
import time
from pathlib import Path


class InstallError(Exception):
    """It cannot go on; the message says why and what to do."""


class EventFile:
    """Appends events, a line of JSON each, as the backend does for a job."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def emit(self, kind: str, **values: object) -> None:
        """Append an event."""
        line = json.dumps({"time": round(time.time(), 3), "kind": kind, **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
