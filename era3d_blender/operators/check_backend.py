# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the backend's Python whether it can do its work."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from .. import jobs
from ..client.environment import BackendMissingError, check_command, scrubbed
from ..client.process import Child
from ..preferences import backend_python, check

_LONGEST_SECONDS = 30.0
_POLL_SECONDS = 0.05


class ERA3D_OT_check_backend(bpy.types.Operator):
    """Start the backend's Python and see whether era3d is in it"""

    bl_idname = "era3d.check_backend"
    bl_label = "Check Backend"

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the check and return; a timer tells how it went."""
        asked = self._started()
        if asked is None:
            return {"CANCELLED"}
        bpy.app.timers.register(lambda: None if asked.done() else _POLL_SECONDS, persistent=True)
        return {"FINISHED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Check, and wait for the answer."""
        asked = self._started()
        if asked is None:
            return {"CANCELLED"}
        while not asked.done():
            time.sleep(_POLL_SECONDS)
        self.report({"INFO" if check.good else "ERROR"}, check.text)
        return {"FINISHED"} if check.good else {"CANCELLED"}

    def _started(self) -> _Question | None:
        try:
            return _Question(backend_python())
        except (BackendMissingError, OSError) as error:
            check.text, check.good = str(error), False
            self.report({"ERROR"}, check.text)
            return None


class _Question:
    """One check under way."""

    def __init__(self, python: Path) -> None:
        check.text, check.good = "Checking ...", True
        log = Path(bpy.app.tempdir) / "era3d-check.txt"
        self._child = Child(check_command(python), log, scrubbed())
        self._until = time.monotonic() + _LONGEST_SECONDS

    def done(self) -> bool:
        """Look once; at the end put the answer where the preferences show it."""
        code = self._child.poll()
        if code is None and time.monotonic() < self._until:
            return False
        self._child.kill()
        words = self._child.last_lines(1) or ["it says nothing"]
        check.good = code == 0
        check.text = words[0] if check.good else f"Era3D is not in this Python: {words[0]}"
        jobs.redraw()
        return True
