# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the backend's environment."""

from __future__ import annotations

import os

import bpy

from .. import installation, jobs
from ..client import setup
from ..client.environment import BackendMissingError
from ..client.supervisor import FINISHED, Supervisor
from ..preferences import preferences

OFFLINE = "Allow Online Access in Preferences > System, or choose a folder of wheels"


class ERA3D_OT_set_up(bpy.types.Operator):
    """Make an environment for the backend; downloads some gigabytes, PyTorch above all"""

    bl_idname = "era3d.set_up"
    bl_label = "Set Up Backend"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One at a time, and never while a job uses what is there."""
        if installation.running() or jobs.running():
            cls.poll_message_set("Wait until the backend is idle")
            return False
        return True

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start it and return; a timer follows."""
        try:
            installation.start(self._installer())
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Make it, and wait until it is there."""
        try:
            state = installation.wait(self._installer())
        except (BackendMissingError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if state != FINISHED:
            self.report({"ERROR"}, installation.current.message or "Cancelled")
            return {"CANCELLED"}
        return {"FINISHED"}

    def _installer(self) -> Supervisor:
        settings = preferences()
        wheels = bpy.path.abspath(settings.wheels_folder) if settings else ""
        if not wheels and not bpy.app.online_access:
            raise BackendMissingError(OFFLINE)
        build = settings.torch_build if settings else "auto"
        wanted = setup.plan(installation.root(), build=build, wheels=wheels)
        return setup.installation(wanted, os.environ)
