# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing six views, under every name they go by."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.views import (
    Views,
    alpha_from_normals,
    decode_normals,
    load_views,
    save_views,
    views_from_images,
)
from tests.backend.sphere import sphere_views

SPOT = Path(__file__).parents[2] / "examples/spot_views"


@pytest.fixture(scope="module")
def spot():
    return load_views(SPOT)


def composed(rgba: np.ndarray, background: int) -> Image.Image:
    alpha = rgba[..., 3:] / 255.0
    return Image.fromarray(
        (rgba[..., :3] * alpha + background * (1 - alpha)).round().astype(np.uint8)
    )


def test_era3d_names(spot):
    assert spot.color.shape == spot.normal.shape == (6, 512, 512, 4)
    assert 0.05 < (spot.normal[..., 3] > 127).mean() < 0.5


def test_our_names_round_trip(spot, tmp_path):
    save_views(spot, tmp_path / "views")
    for folder in (tmp_path, tmp_path / "views"):  # a job folder, or the folder itself
        again = load_views(folder)
        np.testing.assert_array_equal(again.color, spot.color)
        np.testing.assert_array_equal(again.normal, spot.normal)


@pytest.mark.parametrize("background", [255, 0, 128])
def test_wonder3d_names_without_alpha(spot, tmp_path, background):
    for index, view in enumerate(VIEWS):
        composed(spot.color[index], background).save(tmp_path / f"rgb_000_{view}.png")
        composed(spot.normal[index], background).save(tmp_path / f"normals_000_{view}.png")
    found = load_views(tmp_path).normal[..., 3] > 127
    true = spot.normal[..., 3] > 127
    assert (found & true).sum() / (found | true).sum() > 0.985


def test_normals_decode_to_unit_vectors_that_face_their_camera(spot):
    world = decode_normals(spot.normal)
    solid = spot.normal[..., 3] == 255
    np.testing.assert_allclose(np.linalg.norm(world[solid], axis=-1), 1, atol=1e-5)
    assert (world[0][solid[0]] @ [0, -1, 0] > -0.1).mean() > 0.99
    assert (world[2][solid[2]] @ [1, 0, 0] > -0.1).mean() > 0.99


def test_a_missing_view_is_named(tmp_path):
    shutil.copytree(SPOT, tmp_path / "views")
    (tmp_path / "views/normals_left_masked.png").unlink()
    with pytest.raises(InputError, match=r"normals_left_masked\.png is missing"):
        load_views(tmp_path / "views")


def test_a_view_of_another_size_is_named(tmp_path):
    shutil.copytree(SPOT, tmp_path / "views")
    Image.new("RGBA", (256, 256)).save(tmp_path / "views/color_back_masked.png")
    with pytest.raises(InputError, match=r"color_back_masked\.png is 256x256"):
        load_views(tmp_path / "views")


def test_a_broken_view_and_an_empty_folder_are_said(tmp_path):
    with pytest.raises(InputError, match="holds no views"):
        load_views(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        load_views(tmp_path / "nowhere")
    shutil.copytree(SPOT, tmp_path / "views")
    (tmp_path / "views/color_front_masked.png").write_text("paint")
    with pytest.raises(InputError, match=r"color_front_masked.png cannot be read"):
        load_views(tmp_path / "views")


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="views must be"):
        Views(np.zeros((6, 8, 8, 3), np.uint8), np.zeros((6, 8, 8, 4), np.uint8))


@pytest.mark.parametrize("background", [(244, 247, 240), (12, 6, 9), (138, 120, 131)])
def test_backgrounds_need_not_be_pure(spot, background):
    alpha = spot.normal[..., 3:] / 255.0
    noise = np.random.default_rng(0).normal(0, 1.5, (*alpha.shape[:3], 3))
    mixed = spot.normal[..., :3] * alpha + (np.array(background) + noise) * (1 - alpha)
    found = alpha_from_normals(mixed.round().clip(0, 255).astype(np.uint8)) > 127
    true = spot.normal[..., 3] > 127
    assert (found & true).sum() / (found | true).sum() > 0.98


@pytest.mark.parametrize("background", [255, 0])
def test_nothing_is_lost_where_a_normal_points_to_the_background_in_color_space(background):
    # There a pixel may as well be a little of the opposite normal: only one of them is seen.
    views = sphere_views(128)
    alpha = views.normal[..., 3:] / 255.0
    mixed = views.normal[..., :3] * alpha + background * (1 - alpha)
    found = alpha_from_normals(mixed.round().astype(np.uint8))
    assert (found[views.normal[..., 3] == 255] < 128).mean() < 0.0005


def test_one_view_without_alpha_gets_its_own(spot):
    normal = spot.normal.copy()
    alpha = normal[2, ..., 3:] / 255.0
    normal[2, ..., :3] = (normal[2, ..., :3] * alpha + 255 * (1 - alpha)).round()
    normal[2, ..., 3] = 255
    read = views_from_images(spot.color, normal)
    found, true = read.normal[2, ..., 3] > 127, spot.normal[2, ..., 3] > 127
    assert (found & true).sum() / (found | true).sum() > 0.985
    np.testing.assert_array_equal(read.normal[0], spot.normal[0])
