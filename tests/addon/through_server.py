# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers in the place of workers: the same tests, and what computes is reached over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from era3d_blender.client.environment import Launch, remote_worker, scrubbed

# A server whose workers run with a Python of our choice: that of the backend, or the fake's.
_SERVE = """
import sys
from era3d.cli import main
from era3d.serve import child
child._COMMAND = (sys.argv[1], "-I", "-m", "era3d", "worker", "--state")
sys.exit(main(["serve", "--json", "--port", "0", "--folder", sys.argv[2]]))
"""


class Servers:
    """Starts a server for each kind of worker that is asked for, and keeps it for the next test.

    Parameters
    ----------
    python : Path
        The backend's, which the servers themselves run with.
    folder : Path
        For their job folders and logs.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self._folder = python, folder
        self._running: dict[tuple[Path, str | None], tuple[subprocess.Popen, int]] = {}

    def reach(self, python: Path, environ: Mapping[str, str] = os.environ) -> Launch:
        """Take the place of `local_worker`: return how a server with such workers is reached."""
        kind = (python, environ.get("ERA3D_FAKE"))
        if kind not in self._running:
            self._running[kind] = self._start(python, environ)
        return remote_worker(f"http://127.0.0.1:{self._running[kind][1]}", "", environ)

    def _start(self, python: Path, environ: Mapping[str, str]) -> tuple[subprocess.Popen, int]:
        folder = self._folder / str(len(self._running))
        folder.mkdir()
        command = [str(self._python), "-I", "-c", _SERVE, str(python), str(folder / "jobs")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=scrubbed(environ)
            )
        assert server.stdout is not None
        told = server.stdout.readline()
        assert told, (folder / "log").read_text()
        return server, json.loads(told)["port"]

    def stop(self) -> None:
        """End all of them."""
        for server, _ in self._running.values():
            server.terminate()
        for server, _ in self._running.values():
            server.communicate()
