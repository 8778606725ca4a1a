# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two tools that install packages: uv where there is one or it can be had, else pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from plan import python_of

UV = "uv==0.13.9"
# What people set for pip holds for uv too: behind a company's mirror there is no other way.
_OF_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}
Say = Callable[[str], None]


class ToolError(Exception):
    """The tool ended badly; the message is the end of what it said."""


class Uv:
    """uv: downloads side by side, and knows the builds of torch."""

    knows_builds = True

    def __init__(self, program: str) -> None:
        self._program = program
        given = {
            ours: os.environ[theirs] for theirs, ours in _OF_PIP.items() if theirs in os.environ
        }
        self._environ = {"UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1", **given, **os.environ}

    def make(self, environment: Path, python: str, say: Say) -> None:
        """Make an empty environment."""
        self._call("venv", "--quiet", "--python", python, str(environment), say=say)

    def install(self, environment: Path, *arguments: str, say: Say, build: str = "") -> None:
        """Install into an environment; the arguments are those that pip knows as well."""
        torch = ["--torch-backend", build] if build else []
        python = str(python_of(environment))
        command = ["pip", "install", "--compile-bytecode", "--python", python, *torch]
        self._call(*command, *arguments, say=say)

    def _call(self, *arguments: str, say: Say) -> None:
        run([self._program, *arguments], self._environ, say)


class Pip:
    """pip, which every environment can have."""

    knows_builds = False

    def make(self, environment: Path, python: str, say: Say) -> None:
        """Make an environment that holds pip alone."""
        run([python, "-I", "-m", "venv", str(environment)], os.environ, say)

    def install(self, environment: Path, *arguments: str, say: Say, build: str = "") -> None:
        """Install into an environment; ``build`` is beyond pip."""
        python = str(python_of(environment))
        command = [python, "-I", "-m", "pip", "install", "--disable-pip-version-check"]
        run([*command, "--no-input", *arguments], os.environ, say)


def find_uv(root: Path) -> Uv | None:
    """Return uv from the path, or from the environment that `get_uv` made."""
    own = str(python_of(root / "uv").parent)
    found = (shutil.which("uv"), shutil.which("uv", path=own))
    return next((Uv(program) for program in found if program and _starts(program)), None)


def _starts(program: str) -> bool:
    """Whether a program is there: a shim has the name and is not the thing."""
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def get_uv(root: Path, python: str, source: list[str], say: Say) -> Uv | Pip:
    """Install uv into an environment of its own; where it cannot be had, return pip."""
    home = root / "uv"
    shutil.rmtree(home, ignore_errors=True)
    try:
        Pip().make(home, python, say)
        Pip().install(home, UV, *source, "--only-binary", ":all:", say=say)
    except ToolError as error:
        say(f"uv cannot be had, so pip installs: {error}")
        shutil.rmtree(home, ignore_errors=True)
        return Pip()
    return find_uv(root) or Pip()


def run(command: list[str], environ: object, say: Say) -> None:
    """Run a program to its end, passing on each line it prints.

    Raises
    ------
    ToolError
        When it ends badly; also when the installer is asked to stop, after ending the program.
    """
    last: list[str] = []
    with subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            for line in child.stdout:
                last = [*last, line.strip()][-12:]
                print(line, end="", file=sys.stderr, flush=True)  # noqa: T201
                say(line.rstrip())
        except BaseException:
            child.terminate()
            raise
    if child.returncode:
        raise ToolError(" ".join(filter(None, last)) or f"exit code {child.returncode}")
