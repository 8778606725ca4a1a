# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a Python that the backend's environment can be built on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

from report import InstallError

OLDEST, NEWEST = (3, 11), (3, 14)
_ASK = "import sys, venv, ensurepip; print(*sys.version_info[:2])"


def find_python(chosen: str) -> str:
    """Return the first interpreter that will do: the chosen one, one on the path, our own.

    Our own is Blender's, which goes away when Blender is updated, so it comes last.

    Raises
    ------
    InstallError
        When none will do, or the chosen one will not.
    """
    if chosen:
        if not will_do(chosen):
            raise InstallError(f"{chosen} is no Python {_range()} with venv; choose another.")
        return chosen
    for python in _candidates():
        if will_do(python):
            return python
    raise InstallError(f"No Python {_range()} was found; install one and choose it.")


def will_do(python: str) -> bool:
    """Whether an interpreter starts, is of a version that torch is built for, and has venv."""
    # It is run, not looked at: shims and store links have the name and are not the thing.
    try:
        asked = subprocess.run(
            [python, "-I", "-c", _ASK], capture_output=True, text=True, timeout=60
        )
        version = tuple(map(int, asked.stdout.split()))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and OLDEST <= version <= NEWEST


def _candidates() -> Iterator[str]:
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield found
    yield sys.executable


def _range() -> str:
    return f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
