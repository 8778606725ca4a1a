# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From six views of a letter through the real backend to a render: it still reads the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def fused(tmp_path_factory) -> Path:
    """A job whose mesh and texture the backend made of the letter's views."""
    python = os.environ.get("ERA3D_PYTHON")
    if not python:
        pytest.skip("ERA3D_PYTHON names no backend environment")
    folder = tmp_path_factory.mktemp("chain")
    views = glyph.write_job(folder / "drawn") / "views"
    command = [python, "-I", "-m", "era3d", "generate", "--views", str(views)]
    command += ["--out", str(folder / "job"), "--faces", "2000", "--texture-size", "256"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "job"


def test_the_letter_reads_the_right_way_round(fused, empty_scene, tmp_path):
    from era3d_blender.cli import _even_light

    bpy.ops.era3d.import_job(directory=str(fused))
    scene, render = bpy.context.scene, bpy.context.scene.render
    scene.camera = next(o for o in scene.objects if o.name.endswith(" front"))
    scene.world = _even_light()
    scene.view_settings.view_transform = "Standard"
    render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 4, False
    render.resolution_x = render.resolution_y = glyph.SIZE
    render.film_transparent = True
    render.filepath = str(tmp_path / "render.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(render.filepath)
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    rendered = pixels.reshape(glyph.SIZE, glyph.SIZE, 4)[::-1]
    covered, wanted = rendered[..., 3] > 0.5, glyph.view(0)[0][..., 3] > 0

    def overlap(one: np.ndarray, other: np.ndarray) -> float:
        return (one & other).sum() / (one | other).sum()

    assert overlap(covered, wanted) > 0.95
    assert overlap(covered[:, ::-1], wanted) < 0.7
    # And it is the front that we see, not the back of a letter that was turned round.
    color = np.median(rendered[..., :3][covered & wanted], axis=0) * 255
    np.testing.assert_allclose(color, glyph.COLOURS[0], atol=25)
