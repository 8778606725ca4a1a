# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis.

    Attributes
    ----------
    topic : str
        ``python``, ``packages``, ``torch``, ``device``, ``memory``, ``disk`` or ``model``.
    state : State
        A problem stops something from working; a warning makes it slow, or may.
    text : str
    advice : str
        What a person can do; empty where there is nothing to do.
    """

    topic: str
    state: State
    text: str
    advice: str = ""


def ok(topic: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(topic, "ok", text)


def warning(topic: str, text: str, advice: str) -> Finding:
    """Works, but not as it could."""
    return Finding(topic, "warning", text, advice)


def problem(topic: str, text: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(topic, "problem", text, advice)
