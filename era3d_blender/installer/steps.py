# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an installation, in order; the mark that says it is good comes last."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from lock import locked
from plan import READY, Plan, python_of
from pythons import MANAGED_PYTHON, find_python
from report import EventFile, InstallError
from tools import Pip, ToolError, Uv, find_uv, get_uv

_KEY = re.compile(r"[0-9a-f]{12}")
_TRIES, _PAUSE_SECONDS = 3, 3.0
_NEEDED_GB = 4.0
# What uv and pip print once a package.
_PACKAGE = re.compile(r"^\s*(Downloaded|Collecting|\+) ")


class Installation:
    """One run of the installer.

    Parameters
    ----------
    plan : Plan
    events : EventFile
    """

    def __init__(self, plan: Plan, events: EventFile) -> None:
        self._plan, self._events = plan, events
        # A name of its own: a tool that outlived a killed installer may still write to the last.
        self._environment = plan.folder / f"env-{os.getpid()}-{time.time_ns():x}"
        self._source = ["--no-index", "--find-links", plan.wheels] if plan.wheels else []
        self._stage = ""
        self._step = self._of = 0

    def run(self) -> None:
        """Make the environment.

        Raises
        ------
        InstallError
            What failed, in words.
        """
        started = time.monotonic()
        self._make_room()
        self._begin("tool")
        tool, python = self._find_tool_and_python()
        self._begin("environment")
        tool.make(self._environment, python, self._say)
        self._begin("packages", Path(self._plan.requirements).read_text("utf-8").count("=="))
        locked = ["--require-hashes", "--no-deps", "--requirement", self._plan.requirements]
        self._install(tool, *locked)
        self._begin("torch")
        self._install_torch(tool)
        self._begin("backend")
        self._install(tool, "--no-deps", self._plan.wheel)
        self._begin("check")
        self._check()
        self._events.emit("finished", stage=self._stage)
        self._mark(time.monotonic() - started)
        self._clear()
        self._clear_others()
        self._events.emit("done", seconds=round(time.monotonic() - started, 1))

    def _find_tool_and_python(self) -> tuple[Uv | Pip, str]:
        root = Path(self._plan.root)
        uv = find_uv(root)
        python = find_python(self._plan.python, with_venv=uv is None)
        if uv is not None:
            return uv, python or MANAGED_PYTHON
        if python is None:
            raise InstallError("No Python was found; install Python 3.11 or later, or uv.")
        return get_uv(root, python, self._source, self._say), python

    def _begin(self, stage: str, of: int = 0) -> None:
        """Go on to a stage of so many packages."""
        if self._stage:
            self._events.emit("finished", stage=self._stage)
        self._stage, self._step, self._of = stage, 0, of
        self._events.emit("started", stage=stage)

    def _make_room(self) -> None:
        """Clear what an installation that was broken off has left, and look for space."""
        self._clear()
        free = shutil.disk_usage(self._plan.folder).free / 1e9
        if free < _NEEDED_GB:
            raise InstallError(
                f"{self._plan.root} has {free:.1f} GB left and the backend needs about "
                f"{_NEEDED_GB:.0f}; free some space or choose another folder."
            )

    def _install_torch(self, tool: Uv | Pip) -> None:
        """Install the build that fits the machine, or the index's own where that cannot be had."""
        plan = self._plan
        if tool.knows_builds and not plan.wheels:
            try:
                tool.install(self._environment, plan.torch, build=plan.build, say=self._say)
                return
            except ToolError as error:
                self._warn(f"PyTorch's own builds are out of reach, taking the index's: {error}")
        self._install(tool, plan.torch)

    def _install(self, tool: Uv | Pip, *arguments: str) -> None:
        """Install, and again after a pause when it fails: networks break."""
        for _ in range(_TRIES - 1):
            try:
                tool.install(self._environment, *self._source, *arguments, say=self._say)
                return
            except ToolError as error:
                self._warn(f"Trying again: {error}")
                time.sleep(_PAUSE_SECONDS)
        tool.install(self._environment, *self._source, *arguments, say=self._say)

    def _check(self) -> None:
        """Let the new backend say that it works; its first start also compiles what it imports."""
        command = [str(python_of(self._environment)), "-I", "-m", "era3d", "doctor", "--json"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if asked.returncode:
            words = (asked.stderr or asked.stdout).strip().splitlines()[-1:] or ["it says nothing"]
            raise InstallError(f"The backend was installed and does not work: {words[0]}")

    def _mark(self, seconds: float) -> None:
        """Say that the environment is good; nothing is written to it after that."""
        files = (path for path in self._environment.rglob("*") if not path.is_symlink())
        size = sum(path.stat().st_size for path in files if path.is_file())
        told = {"environment": self._environment.name}
        told |= {"torch": self._plan.torch, "build": self._plan.build}
        told |= {"seconds": round(seconds, 1), "megabytes": round(size / 1e6)}
        partial = self._plan.folder / f"{READY}.part"
        partial.write_text(json.dumps(told), "utf-8")
        partial.replace(self._plan.folder / READY)

    def _clear(self) -> None:
        """Remove all environments but this one."""
        for path in self._plan.folder.glob("env-*"):
            if path != self._environment:
                shutil.rmtree(path, ignore_errors=True)

    def _clear_others(self) -> None:
        """Remove the environments of other plans: of earlier versions, and other builds of torch.

        Their marks go first, so that what cannot be removed (Windows keeps files that are in use)
        is not taken for good.
        """
        for folder in self._plan.folder.parent.iterdir():
            if folder == self._plan.folder or not _KEY.fullmatch(folder.name):
                continue
            try:
                with locked(folder / "lock"):
                    (folder / READY).unlink(missing_ok=True)
            except (InstallError, OSError):
                continue  # another installer is at work there
            shutil.rmtree(folder, ignore_errors=True)

    def _say(self, line: str) -> None:
        """Count the packages that a tool tells of."""
        if _PACKAGE.match(line) and self._step < self._of:
            self._step += 1
            self._events.emit("progress", stage=self._stage, step=self._step, of=self._of)

    def _warn(self, message: str) -> None:
        self._events.emit("warning", stage=self._stage, message=message)
