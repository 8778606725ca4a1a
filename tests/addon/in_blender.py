# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests marked bpy inside a Blender, instead of with Blender as a module.

blender -b --factory-startup --python tests/addon/in_blender.py -- [arguments of pytest]

ERA3D_SITE names a folder with pytest for Blender's Python to find. Left out are the tests that
start another Python and import bpy there.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APART = ("test_registration.py", "test_manners.py", "test_zip.py", "test_build_addon.py", "gui")

if __name__ == "__main__":
    sys.path.append(os.environ["ERA3D_SITE"])  # last: Blender's own numpy comes first
    os.chdir(ROOT)
    import pytest

    given = sys.argv[sys.argv.index("--") + 1 :] or ["tests/addon"]
    left_out = [f"--ignore-glob=*/{name}" for name in APART]
    code = pytest.main(["-m", "bpy", "-p", "no:cacheprovider", *left_out, *given])
    sys.stdout.flush()
    os._exit(code)  # some versions of Blender do not come to their end with tests inside
