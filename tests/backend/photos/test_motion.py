# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of several photographs, in the frame of the mesh."""

import numpy as np
import pytest
from PIL import Image

from era3d.drawing import draw
from era3d.errors import InputError
from era3d.lens import orbit_lens
from era3d.photos.motion import reconstruct
from tests.backend.photos.scenes import speckled

pytest.importorskip("pycolmap")
# A lens of 50 mm on a sensor 36 mm wide.
FOCAL = 50 / 36
DISTANCE = 1.7


def _photograph(mesh, folder, count, size):
    lenses = [
        orbit_lens(
            f"{k:02}.png", 360 / count * k + 7, 12 + 10 * (k % 2), size, FOCAL * size, DISTANCE
        )
        for k in range(count)
    ]
    for lens in lenses:
        Image.fromarray(draw(mesh, lens).picture).convert("RGB").save(folder / lens.name)
    return lenses


@pytest.mark.slow
def test_twelve_photographs_find_their_places(tmp_path):
    mesh = speckled()
    lenses = _photograph(mesh, tmp_path, 12, 400)
    Image.fromarray(draw(speckled(seed=7), lenses[0]).picture).save(tmp_path / "other.png")
    drawings = [orbit_lens(f"{k:02}.png", 30 * k, 20, 400, 540.0, 2.0) for k in range(12)]
    photos = [tmp_path / lens.name for lens in lenses] + [tmp_path / "other.png"]
    found = reconstruct(mesh, photos, tmp_path / "work", lenses=drawings)
    assert found.left_out == ("other.png",)
    assert len(found.lenses) == 12
    for lens, truth in zip(found.lenses, lenses, strict=True):
        assert lens.name == truth.name
        assert lens.fx == pytest.approx(truth.fx, rel=0.02)
        turn = lens.world_to_camera[:3, :3] @ truth.world_to_camera[:3, :3].T
        assert np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))) < 1.0
        assert np.linalg.norm(lens.position - truth.position) < 0.02 * DISTANCE
    assert len(found.points) > 100
    assert np.abs(found.points).max() < 0.45


@pytest.mark.slow
def test_photographs_of_nothing_are_named(tmp_path):
    for name in ("one.png", "two.png"):
        Image.new("RGB", (200, 200), "grey").save(tmp_path / name)
    drawings = [orbit_lens("0.png", 0, 0, 64, 90.0)]
    with pytest.raises(InputError, match=r"No place .*one\.png, two\.png\. Take"):
        reconstruct(
            speckled(),
            [tmp_path / "one.png", tmp_path / "two.png"],
            tmp_path / "work",
            lenses=drawings,
        )


def test_too_few_or_broken_photographs_are_refused(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="at least two"):
        reconstruct(speckled(), [tmp_path / "broken.png"], tmp_path / "work")
    two = [tmp_path / "broken.png", tmp_path / "other.png"]
    with pytest.raises(InputError, match=r"broken\.png cannot be read"):
        reconstruct(speckled(), two, tmp_path / "work")
