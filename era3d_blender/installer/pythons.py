# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a Python that the backend's environment can be built on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

from report import InstallError

# Where there is none, uv brings this one.
MANAGED_PYTHON = "3.12"
OLDEST, NEWEST = (3, 11), (3, 14)
_VERSION = "import sys; print(*sys.version_info[:2])"
_VENV = "import venv, ensurepip"


def find_python(chosen: str, with_venv: bool) -> str | None:
    """Return the first interpreter that will do: the chosen one, one on the path, our own.

    Our own is Blender's, which goes away when Blender is updated, so it comes last.

    Parameters
    ----------
    chosen : str
        What the user wants; empty: whatever there is.
    with_venv : bool
        Only one that can make environments itself; uv needs no such thing.

    Raises
    ------
    InstallError
        When the chosen one will not do, or none can make environments but one could if it had venv.
    """
    if chosen and not starts(chosen):
        raise InstallError(f"{chosen} is no Python {_range()}; choose another.")
    fitting = [chosen] if chosen else [each for each in _candidates() if starts(each)]
    if not with_venv:
        return next(iter(fitting), None)
    able = next((each for each in fitting if runs(each, _VENV) is not None), None)
    if able is None and fitting:
        raise InstallError(
            f"{fitting[0]} cannot make environments; install its venv (on Debian and Ubuntu the "
            "package python3-venv), or uv, and try again."
        )
    return able


def starts(python: str) -> bool:
    """Whether an interpreter starts and is of a version that torch is built for."""
    try:
        version = tuple(map(int, (runs(python, _VERSION) or "").split()))
    except ValueError:
        return False
    return OLDEST <= version <= NEWEST


def runs(python: str, code: str) -> str | None:
    """Return what an interpreter prints, or None when it does not end well.

    It is run, not looked at: shims and store links have the name and are not the thing.
    """
    command = [python, "-I", "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _candidates() -> Iterator[str]:
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield found
    yield sys.executable


def _range() -> str:
    """Return the versions that will do, in words."""
    return f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
