# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the events of a job are shown on a terminal, or printed for a program."""

import json
import sys
from typing import Any

from era3d.stages import STAGES


class ProgressBars:
    """One bar a stage on standard error."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, event: dict[str, Any]) -> None:
        """Draw an event."""
        from tqdm import tqdm

        kind = event["kind"]
        if kind == "started":
            width = max(len(stage.name) for stage in STAGES)
            layout = "{desc} {bar:30} {n_fmt}/{total_fmt} [{elapsed}]"
            self._bar = tqdm(desc=event["stage"].ljust(width), total=1, bar_format=layout)
        elif kind == "progress":
            self._bar.total, self._bar.n = event["of"], event["step"]
            self._bar.refresh()
        elif kind == "skipped":
            tqdm.write(f"{event['stage']} is up to date", file=sys.stderr)
        elif kind in ("warning", "note"):
            tqdm.write(f"{event['stage']}: {event['message']}", file=sys.stderr)
        elif kind in ("finished", "failed", "cancelled"):
            self._close(whole=kind == "finished")

    def _close(self, whole: bool) -> None:
        if self._bar is not None:
            if whole:
                self._bar.n = self._bar.total
                self._bar.refresh()
            self._bar.close()
            self._bar = None


def print_json(event: dict[str, Any]) -> None:
    """Print an event as one line of JSON."""
    print(json.dumps(event, ensure_ascii=False), flush=True)  # noqa: T201
