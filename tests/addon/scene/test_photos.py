# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of photographs in the scene: where they stand, what is behind, and the points."""

from __future__ import annotations

import json

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402

pytestmark = pytest.mark.bpy

MATRIX = [[1, 0, 0, 0.1], [0, 0, -1, -2.0], [0, 1, 0, 0.2], [0, 0, 0, 1]]
POINTS = np.array([[0, 0, 0], [0.1, 0.2, 0.3]], np.float32)


@pytest.fixture
def with_photos(job):
    folder = job / "photos"
    folder.mkdir()
    (folder / "side.png").write_bytes(glyph.png(np.full((60, 80, 4), 255, np.uint8)))
    entry = {"type": "PERSP", "lens_mm": 40.0, "sensor_mm": 32.0, "matrix_world": MATRIX}
    entry |= {"resolution": [80, 60], "shift": [0.0, 0.0], "image": "photos/side.png"}
    cameras = json.loads((job / "cameras.json").read_text())
    (job / "cameras.json").write_text(json.dumps(cameras | {"photos": [entry]}))
    kinds = ["float x", "float y", "float z", "uchar red", "uchar green", "uchar blue"]
    head = "".join(f"property {kind}\n" for kind in kinds)
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex 2\n{head}end_header\n"
    rows = b"".join(point.tobytes() + bytes([255, 0, 51]) for point in POINTS)
    (folder / "points.ply").write_bytes(head.encode() + rows)
    return job


def test_a_camera_sees_the_points_where_the_photograph_does(empty_scene, with_photos):
    bpy.ops.era3d.import_job(directory=str(with_photos))
    empty_scene.render.resolution_x, empty_scene.render.resolution_y = 80, 60
    for _ in range(2):  # the second import replaces the first
        assert bpy.ops.era3d.import_photos() == {"FINISHED"}
    names = [thing.name for thing in bpy.data.objects if "photo side" in thing.name]
    assert len(names) == 1
    camera = bpy.data.objects[names[0]]
    assert camera.data.background_images[0].image.size[:] == (80, 60)
    bpy.context.view_layer.update()
    root = bpy.data.objects["letter root"]
    seen = world_to_camera_view(empty_scene, camera, root.matrix_world @ Vector((0, 0, 0)))
    focal = 40 / 32 * 80
    assert seen.x * 80 == pytest.approx(40 - 0.1 / 2 * focal, abs=0.01)
    assert (1 - seen.y) * 60 == pytest.approx(30 + 0.2 / 2 * focal, abs=0.01)
    points = [thing for thing in root.children if "era3d_points" in thing]
    assert len(points) == 1
    np.testing.assert_allclose([vertex.co for vertex in points[0].data.vertices], POINTS)
    color = points[0].data.attributes["Color"].data[0].color_srgb
    np.testing.assert_allclose(color, [1, 0, 0.2, 1], atol=0.01)


def test_the_button_is_among_the_cameras(empty_scene, with_photos):
    from notes import draw

    from era3d_blender.ui.cameras import ERA3D_PT_cameras

    assert not bpy.ops.era3d.import_photos.poll()  # nothing of ours is active
    bpy.ops.era3d.import_job(directory=str(with_photos))
    assert "era3d.import_photos" in draw(ERA3D_PT_cameras).operators()
    assert bpy.ops.era3d.import_photos.poll()
    bpy.context.view_layer.objects.active = bpy.data.objects["letter"]
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.era3d.import_photos.poll()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_a_job_without_photographs_says_so(empty_scene, job):
    bpy.ops.era3d.import_job(directory=str(job))
    with pytest.raises(RuntimeError, match="has no cameras of photographs"):
        bpy.ops.era3d.import_photos()


def test_a_photograph_outside_the_folder_is_refused(empty_scene, with_photos):
    cameras = json.loads((with_photos / "cameras.json").read_text())
    cameras["photos"][0]["image"] = "../secret.png"
    bpy.ops.era3d.import_job(directory=str(with_photos))
    (with_photos / "cameras.json").write_text(json.dumps(cameras))
    with pytest.raises(RuntimeError, match="points out of the job folder"):
        bpy.ops.era3d.import_photos()
