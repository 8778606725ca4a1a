# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the commands that make the backend's environment from the wheel inside the extension."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ..preferences import user_folder


class ERA3D_OT_copy_setup(bpy.types.Operator):
    """Copy the commands that install the backend, to paste into a terminal"""

    bl_idname = "era3d.copy_setup"
    bl_label = "Copy Set-up Commands"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the commands on the clipboard and say which Python to choose afterwards."""
        wheels = sorted((Path(__file__).parents[1] / "backend").glob("era3d-*.whl"))
        if not wheels:
            self.report({"ERROR"}, "This copy of the add-on has no backend inside")
            return {"CANCELLED"}
        environment = user_folder("environment")
        windows = os.name == "nt"
        python = environment / ("Scripts/python.exe" if windows else "bin/python")
        context.window_manager.clipboard = "\n".join(
            [
                f'{"py -3" if windows else "python3"} -m venv "{environment}"',
                f'"{python}" -m pip install "{wheels[-1]}"',
                "",
            ]
        )
        self.report({"INFO"}, f"Copied; afterwards choose {python} as Backend Python")
        return {"FINISHED"}
