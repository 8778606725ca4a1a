# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job's events come to: how far each stage is, and what there is to see."""

from dataclasses import dataclass, field
from typing import Any, Literal

from era3d.stages import STAGES

_ENDINGS = frozenset({"done", "failed", "cancelled"})


@dataclass
class StageState:
    """How far a stage is; ``share`` of it is done."""

    state: Literal["waiting", "running", "finished", "skipped"] = "waiting"
    share: float = 0.0
    seconds: float | None = None


def _all_waiting() -> dict[str, StageState]:
    return {stage.name: StageState() for stage in STAGES}


@dataclass
class Watch:
    """A job as the page has seen it so far.

    Attributes
    ----------
    since : int
        Where the events go on that have not been read.
    stages : dict of StageState
        By name, in order; those of the last run.
    preview : str
        The last file that showed how far the work is, and how many there were before it.
    ahead : int or None
        Jobs before this one, while it waits.
    files : dict of str
        Paths of the job's files, and something that changes when they do.
    request : dict
        What was asked for.
    """

    job: str = ""
    name: str = ""
    since: int = 0
    state: str = ""
    message: str = ""
    ahead: int | None = None
    stages: dict[str, StageState] = field(default_factory=_all_waiting)
    warnings: list[str] = field(default_factory=list)
    preview: str = ""
    previews: int = 0
    files: dict[str, str] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    _ended: bool = False

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")

    def take(self, events: list[dict[str, Any]]) -> bool:
        """Take events in; returns whether there may be new files."""
        news = [self._take(event) for event in events]
        return any(news)

    def _take(self, event: dict[str, Any]) -> bool:
        kind, stage = event["kind"], event.get("stage")
        if self._ended:  # it was run again
            self.stages, self.warnings, self.preview, self._ended = _all_waiting(), [], "", False
        if kind in _ENDINGS:
            self._ended = True
        elif kind == "warning":
            self.warnings.append(str(event.get("message", "")))
        elif kind == "preview":
            self.preview, self.previews = str(event["preview"]), self.previews + 1
        elif isinstance(stage, str):
            _advance(self.stages.setdefault(stage, StageState()), event)
        return kind in ("finished", "skipped") or kind in _ENDINGS


def _advance(stage: StageState, event: dict[str, Any]) -> None:
    match event["kind"]:
        case "started":
            stage.state, stage.share = "running", 0.0
        case "progress":
            stage.share = event["step"] / max(event["of"], 1)
        case "finished":
            stage.state, stage.share, stage.seconds = "finished", 1.0, event["seconds"]
        case "skipped":
            stage.state, stage.share = "skipped", 1.0
