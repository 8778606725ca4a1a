# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames and axes, against numbers of the published implementation."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from era3d import cameras
from era3d.cameras import VIEWS
from era3d.views import decode_normals

GOLDEN = Path(__file__).parents[1] / "data/golden/cameras"
# The published mesher works in a box twice as wide as the world's.
MESHER_UNITS = 2.0


@pytest.fixture(scope="module")
def golden():
    return load_file(GOLDEN / "nsr_inputs_outputs.safetensors")


@pytest.mark.parametrize("view", VIEWS)
def test_axes_are_the_published_ones(view):
    known = json.loads((GOLDEN / "cameras.json").read_text())["cameras"][view]
    right, up, back = cameras.camera_axes(view)
    np.testing.assert_allclose(right, known["right"], atol=1e-5)
    np.testing.assert_allclose(up, known["up"], atol=1e-5)
    np.testing.assert_allclose(-back, known["view_direction"], atol=1e-5)
    rotation = np.array(known["world_to_camera_opengl_3x4"])[:, :3]
    np.testing.assert_allclose(cameras.camera_to_world(view)[:3, :3].T, rotation, atol=1e-5)


def test_normal_maps_decode_to_the_published_world_normals(golden):
    masks = golden["masks"].astype(bool)
    published = golden["normals_world"][masks]
    rgb = golden["normals_rgba_u8"][..., :3][masks]
    np.testing.assert_allclose(
        cameras.normals_to_world(rgb.astype(np.float32) / 127.5 - 1), published, atol=1e-5
    )
    # We also make them unit length, which the published mesher leaves to its loss.
    unit = published / np.linalg.norm(published, axis=-1, keepdims=True)
    np.testing.assert_allclose(decode_normals(rgb), unit, atol=1e-5)


@pytest.mark.parametrize("index", range(6))
def test_rays_are_the_published_ones(golden, index):
    origins, direction = cameras.pixel_rays(VIEWS[index], 32)
    published = golden["ray_origins"][index].astype(np.float64)
    # Along the ray a start is as good as any other; across it, it must agree.
    difference = MESHER_UNITS * origins - published
    across = difference - (difference @ direction)[..., None] * direction
    np.testing.assert_allclose(across, 0, atol=1e-5)
    np.testing.assert_allclose(
        golden["ray_dirs"][index], np.broadcast_to(direction, (32, 32, 3)), atol=1e-5
    )


@pytest.mark.parametrize("view", VIEWS)
def test_projection_inverts_the_rays(view):
    origins, direction = cameras.pixel_rays(view, 8)
    pixel, depth = cameras.world_to_image(origins + 1.7 * direction, view, 8)
    rows, columns = np.mgrid[0:8, 0:8] + 0.5
    np.testing.assert_allclose(pixel, np.stack([columns, rows], -1), atol=1e-9)
    np.testing.assert_allclose(depth, 1.7 - cameras.CAMERA_DISTANCE, atol=1e-9)


def test_every_pose_is_a_rotation_and_looks_at_the_origin():
    for view in VIEWS:
        pose = cameras.camera_to_world(view)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
        np.testing.assert_allclose(pose[:3, 3] / cameras.CAMERA_DISTANCE, pose[:3, 2], atol=1e-12)


def test_right_is_the_camera_at_plus_x():
    pixel, _ = cameras.world_to_image(np.array([0.0, 0.3, 0.2]), "right", 100)
    np.testing.assert_allclose(pixel, [80, 30])
    assert cameras.camera_to_world("right")[0, 3] > 0


def test_gltf_conversion_turns_and_does_not_mirror():
    axes = cameras.world_to_gltf(np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1.0)
    np.testing.assert_allclose(cameras.world_to_gltf(np.array([0.0, -1.0, 0.0])), [0, 0, 1])
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(cameras.gltf_to_world(cameras.world_to_gltf(points)), points)


def test_era3d_objs_are_mirrored_back():
    x, y, z = 0.1, 0.2, 0.3
    np.testing.assert_allclose(cameras.era3d_obj_to_world(np.array([x, z, y])), [x, y, z])


def test_normals_survive_the_way_to_maps_and_back():
    normals = np.random.default_rng(1).normal(size=(7, 3)).astype(np.float32)
    np.testing.assert_allclose(cameras.normals_to_world(cameras.normals_to_maps(normals)), normals)
    np.testing.assert_allclose(cameras.normals_to_maps(np.array([0.0, -1.0, 0.0])), [0, 0, 1])


def test_reference_camera_sees_the_subject_where_the_photo_shows_it():
    """A point of the object lands on its pixel of the uncropped photo."""
    elevation, focal, photo = np.radians(20), 50.0, (1200, 800)
    subject_centre, units_per_pixel = (500.0, 450.0), 1 / 400
    camera = cameras.reference_camera(elevation, focal, photo, subject_centre, units_per_pixel)
    pose = np.array(camera["matrix_world"])
    sideways, upwards = 0.21, -0.13  # on the plane through the origin that faces the camera
    point = sideways * pose[:3, 0] + upwards * pose[:3, 1]
    x, y, z = pose[:3, :3].T @ (point - pose[:3, 3])
    pixels_per_slope = camera["lens_mm"] / camera["sensor_mm"] * max(photo)
    # Blender: shift moves the image by a share of the longer side, against the axes.
    column = photo[0] / 2 + x / -z * pixels_per_slope - camera["shift"][0] * max(photo)
    row = photo[1] / 2 - y / -z * pixels_per_slope + camera["shift"][1] * max(photo)
    assert column == pytest.approx(subject_centre[0] + sideways / units_per_pixel)
    assert row == pytest.approx(subject_centre[1] - upwards / units_per_pixel)
