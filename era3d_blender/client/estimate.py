# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a job will still take, as far as its own pace and earlier jobs tell."""

from __future__ import annotations

import time
from collections.abc import Mapping

from .supervisor import StageStatus

_ENOUGH_SECONDS = 1.0  # before that a pace says nothing


def stage_left(status: StageStatus, now: float | None = None) -> float | None:
    """Return the seconds that a running stage still takes at its pace, or None while unknown."""
    now = time.monotonic() if now is None else now
    spent = now - status.began
    if status.state != "running" or not 0 < status.step <= status.of or spent < _ENOUGH_SECONDS:
        return None
    return spent / status.step * (status.of - status.step)


def time_left(
    stages: Mapping[str, StageStatus], usual: Mapping[str, float], now: float | None = None
) -> float | None:
    """Return the seconds that a job still takes, or None while that cannot be said.

    Parameters
    ----------
    stages : Mapping
        The job's stages by name.
    usual : Mapping
        Seconds that stages took in an earlier job of the same kind, by name.
    now : float, optional
        Time of the monotonic clock.
    """
    now = time.monotonic() if now is None else now
    total = 0.0
    for name, status in stages.items():
        left: float | None = 0.0
        if status.state == "waiting":
            left = usual.get(name)
        elif status.state == "running":
            left = stage_left(status, now)
            if left is None and name in usual:
                left = max(usual[name] - (now - status.began), 0.0)
        if left is None:
            return None
        total += left
    return total
