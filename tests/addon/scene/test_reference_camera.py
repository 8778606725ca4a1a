# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos of a known mesh from known cameras: through the reference camera it lies over them."""

from __future__ import annotations

import os

import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy
# The corners of the range, and its middle; benchmarks/reference_camera.py measures all of it.
CASES = ((-10, 35), (-10, 135), (30, 35), (30, 135), (10, 70))


@pytest.fixture(scope="module")
def photographed(tmp_path_factory):
    if not os.environ.get("ERA3D_PYTHON"):
        pytest.skip("ERA3D_PYTHON names no backend environment")
    from benchmarks import reference_camera

    folder = tmp_path_factory.mktemp("photos")
    cases = reference_camera.photograph(folder, CASES, (320, 240))
    return reference_camera.placed(cases, folder, os.environ["ERA3D_PYTHON"]), folder


def test_the_mesh_lies_over_the_uncropped_photo(photographed, registered):
    from benchmarks import reference_camera

    cases, folder = photographed
    reference_camera.set_up((320, 240))
    overlaps = {
        (case["elevation_degrees"], case["focal_mm"]): reference_camera.overlap(
            case, "reference", folder
        )
        for case in cases
    }
    assert min(overlaps.values()) > 0.95, overlaps


def test_a_wrong_lens_or_elevation_shows(photographed, registered):
    """The figure tells: a camera placed for another case does not reach it."""
    from benchmarks import reference_camera

    cases, folder = photographed
    reference_camera.set_up((320, 240))
    low, high = cases[0], dict(cases[2])
    high["reference"] = low["reference"]  # seen from below, photographed from above
    assert reference_camera.overlap(high, "reference", folder) < 0.85
