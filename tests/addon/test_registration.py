# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on as Blender loads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy
REGISTER = """
import json, os, sys
import bpy
before = set(sys.modules)
import era3d_blender
era3d_blender.register()
loaded = sorted(set(sys.modules) - before)
era3d_blender.unregister()
left = hasattr(bpy.types.Scene, "era3d") or hasattr(bpy.types, "ERA3D_PT_main")
print(json.dumps({"loaded": loaded, "left": left}), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def registration():
    """What a fresh process tells of registering."""
    done = subprocess.run(
        [sys.executable, "-c", REGISTER],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_nothing_heavy_is_loaded_before_it_is_needed(registration):
    heavy = {"torch", "numpy", "requests", "threading", "era3d_blender.scene.glb"}
    assert not heavy & set(registration["loaded"])


def test_unregistering_leaves_nothing(registration):
    assert not registration["left"]
