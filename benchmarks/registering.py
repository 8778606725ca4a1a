# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender waits while the add-on is loaded and registered; run by a Python with bpy."""

import os
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.machine import machine

_TIMES = 20


def main() -> None:
    """Register many times, each time loading all modules anew, and print the times."""
    seconds = []
    for _ in range(_TIMES + 1):
        for name in [name for name in sys.modules if name.startswith("era3d_blender")]:
            del sys.modules[name]
        start = time.process_time()
        import era3d_blender

        era3d_blender.register()
        seconds.append(time.process_time() - start)
        era3d_blender.unregister()
    known = sorted(seconds[1:])  # the first compiles what has not been compiled yet
    print(f"Blender {bpy.app.version_string}, {machine()}", flush=True)
    best, middle, longest = (1e3 * known[place] for place in (0, len(known) // 2, -1))
    print(f"{best:.0f} ms at best, {middle:.0f} median, {longest:.0f} longest")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # some versions of Blender do not come to their end
