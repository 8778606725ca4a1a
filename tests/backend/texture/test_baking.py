# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking: each view's colours on the right spot, and only there."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.cameras import AZIMUTH_DEGREES, VIEWS
from era3d.errors import InputError
from era3d.mesh import TriangleMesh, read_ply
from era3d.texture import TextureSettings, bake, paint_vertices, sources
from era3d.texture.coverage import PALETTE
from era3d.texture.normals import vertex_normals
from era3d.texture.silhouette import distance_to_zero
from era3d.views import Views, load_views, save_views
from tests.backend.texture.scenes import box, look, psnr, sphere, together, views_of

ROOT = Path(__file__).parents[3]
RED, GREEN, BLUE = np.eye(3) * 0.8 + 0.1
QUICK = TextureSettings(size=256)


def plain(color):
    return lambda points: np.broadcast_to(color, points.shape)


def at_vertices(textured):
    """The texture's colours (n, 3), 0..255, at the vertices."""
    size = len(textured.image)
    texel = (textured.uv * size).astype(int).clip(0, size - 1)
    return textured.image[texel[:, 1], texel[:, 0]].astype(int)


def letter_f(points: np.ndarray) -> np.ndarray:
    """A dark F on the front of a light box whose other sides have other colours."""
    x, y, z = points.T
    stem = (np.abs(x + 0.12) < 0.04) & (np.abs(z) < 0.2)
    bars = (x > -0.12) & (((x < 0.16) & (np.abs(z - 0.16) < 0.04)) | ((x < 0.06) & (abs(z) < 0.04)))
    color = np.full(points.shape, 0.9)
    color[x > 0.29999] = RED
    color[x < -0.29999] = GREEN
    color[y > 0.29999] = BLUE
    color[(y < -0.29999) & (stem | bars)] = 0.1
    return color


def test_each_side_has_its_colour_and_the_glyph_reads_the_right_way_round():
    mesh = box()
    views = views_of(mesh, letter_f)
    textured = bake(mesh, views, TextureSettings(384))
    for index, (view, azimuth) in enumerate(AZIMUTH_DEGREES.items()):
        assert psnr(look(textured, azimuth), views.color[index]) > 25, view
    # No colour of one side bleeds over a sharp edge to the next.
    assert psnr(look(textured, 180), views.color[VIEWS.index("back")]) > 45
    front = look(textured, 0)
    assert psnr(front, views.color[0]) > 10 + psnr(front[:, ::-1], views.color[0])


def test_the_mesh_is_the_same_but_for_its_seams():
    mesh = sphere(cuts=4)
    textured = bake(mesh, views_of(mesh, plain(RED), 64), QUICK)
    np.testing.assert_array_equal(textured.vertices[textured.faces], mesh.vertices[mesh.faces])
    np.testing.assert_allclose(textured.normals, textured.vertices / 0.35, atol=0.02)
    assert textured.image.shape == (256, 256, 3)
    assert textured.image.dtype == np.uint8


def test_the_same_again():
    mesh = sphere(cuts=3)
    views = views_of(mesh, letter_f, 64)
    first, second = (bake(mesh, views, TextureSettings(256)) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.uv, second.uv)


def test_what_is_hidden_does_not_take_the_colour_of_what_hides_it():
    ball = sphere(0.12, cuts=4)
    ball = TriangleMesh(ball.vertices - np.float32([0, 0.3, 0]), ball.faces)
    wall = box((0.4, 0.05, 0.3), (0, 0.1, 0))
    mesh = together(ball, wall)

    def color_at(points):
        return np.where(points[:, 1:2] < 0, RED, GREEN)

    textured = bake(mesh, views_of(mesh, color_at), QUICK)
    on_wall = textured.vertices[:, 1] > 0
    color = at_vertices(textured)
    assert (color[on_wall, 0] < 60).all()
    assert (color[~on_wall, 1] < 60).all()


def test_unseen_tops_are_filled_over_the_surface_not_through_space():
    near, far = box((0.1, 0.3, 0.2), (-0.12, 0, 0)), box((0.1, 0.3, 0.2), (0.12, 0, 0))
    mesh = together(near, far)

    def color_at(points):
        return np.where(points[:, :1] < 0, RED, BLUE)

    textured = bake(mesh, views_of(mesh, color_at), QUICK)
    top = textured.normals[:, 2] > 0.99
    color = at_vertices(textured) / 255
    expected = color_at(textured.vertices)
    assert top.sum() > 20
    assert np.abs(color - expected)[top].max() < 0.15


def test_a_light_rim_of_the_views_stays_out_of_the_texture():
    mesh = sphere(cuts=4)
    views = views_of(mesh, plain(BLUE))
    color = views.color.copy()
    centre = np.arange(256) - 127.5
    rim = np.hypot(centre, centre[:, None]) > 0.35 * 256 - 1.6
    color[:, rim, :3] = 240
    textured = bake(mesh, Views(color, views.normal), QUICK)
    assert np.abs(textured.image.astype(int) - np.round(BLUE * 255)).max() <= 1


@pytest.mark.parametrize("wide", [2, 3])
def test_a_rim_as_generated_views_have_it_reaches_no_colour(wide, monkeypatch):
    """Two or three pixels of 512 that fade to white, also where an edge hides something behind."""
    mesh = together(sphere(0.3, cuts=5), box((0.08, 0.08, 0.1), (0, -0.38, 0)))
    views = views_of(mesh, lambda p: 0.3 + 0.3 * np.sin(p * [7, 9, 8]) ** 2, 512)
    color = views.color.copy()
    for picture in color:
        inside = distance_to_zero(picture[..., 3] > 127)
        white = np.where(inside > 0, (1 - (inside - 0.5) / wide).clip(0, 1), 0)[..., None] * 0.7
        picture[..., :3] = np.round(picture[..., :3] * (1 - white) + 255 * white)
    rimmed = Views(color, views.normal)
    found = paint_vertices(mesh, rimmed).colors
    # What is lost with the rim is another matter, so clean views lose as much.
    monkeypatch.setattr(sources, "rim_width", lambda *_: float(wide))
    assert np.abs(found - paint_vertices(mesh, views).colors).max() < 0.02
    monkeypatch.setattr(sources, "rim_width", lambda *_: 0.0)
    assert (paint_vertices(mesh, rimmed).colors - found).max() > 0.15


def test_without_a_light_rim_colours_count_up_to_the_silhouette():
    mesh = sphere(cuts=4)

    def color_at(points):
        return np.where(points[:, 2:] > 0.34, RED, GREEN)

    textured = bake(mesh, views_of(mesh, color_at), QUICK)
    cap = textured.vertices[:, 2] > 0.349
    color = at_vertices(textured)
    assert cap.any()
    assert (color[cap, 0] > 180).all()


@pytest.mark.parametrize("size", [16, 64, 600, 2048])
def test_views_of_any_size(size):
    mesh = sphere(cuts=3)
    views = views_of(mesh, lambda p: 0.5 + p / 0.8, size)
    textured = bake(mesh, views, QUICK)
    assert psnr(look(textured, 180, size), views.color[VIEWS.index("back")]) > 30


def test_views_without_any_object_still_give_a_texture():
    mesh = sphere(cuts=3)
    views = views_of(mesh, plain(RED), 64)
    empty = np.zeros_like(views.color)
    assert bake(mesh, Views(empty, empty), QUICK).image.shape == (256, 256, 3)


def test_an_empty_view_paints_nothing():
    mesh = sphere(cuts=3)
    views = views_of(mesh, plain(RED), 128)
    color = views.color.copy()
    color[VIEWS.index("back")] = 255
    color[VIEWS.index("back"), ..., 3] = 0
    textured = bake(mesh, Views(color, views.normal), QUICK)
    assert np.abs(textured.image - np.round(RED * 255)).max() <= 1


def test_a_view_without_alpha_is_cut_out_first(tmp_path):
    mesh = sphere(cuts=4)
    views = views_of(mesh, lambda p: 0.5 + p / 1.2, 256)
    save_views(views, tmp_path)
    for kind in ("color", "normal"):
        path = tmp_path / f"{kind}_right.png"
        with Image.open(path) as image:
            bare = Image.new("RGB", image.size, "white")
            bare.paste(image, mask=image.getchannel("A"))
        bare.save(path)
    textured = bake(mesh, load_views(tmp_path), QUICK)
    assert psnr(look(textured, 90), views.color[VIEWS.index("right")]) > 35


def test_a_view_without_weight_paints_nothing():
    mesh = sphere(cuts=3)
    views = views_of(mesh, plain(RED), 128)
    back = VIEWS.index("back")
    views.color[back, ..., :3] = np.round(GREEN * 255)
    trusted = bake(mesh, views, QUICK)
    assert (trusted.image[..., 1] > 150).any()
    weights = tuple(float(index != back) for index in range(6))
    textured = bake(mesh, views, TextureSettings(256, view_weights=weights))
    assert np.abs(textured.image - np.round(RED * 255)).max() <= 1
    assert (trusted.coverage == PALETTE[back]).all(-1).any()
    assert not (textured.coverage == PALETTE[back]).all(-1).any()


def test_if_nothing_is_trusted_everything_is_grey():
    mesh = sphere(cuts=2)
    textured = bake(mesh, views_of(mesh, plain(RED), 64), TextureSettings(64, False, (0.0,) * 6))
    assert (np.abs(textured.image.astype(int) - 128) <= 1).all()
    assert (textured.coverage == 0).all()


def test_coverage_tells_which_view_painted_what():
    mesh = sphere(cuts=4)
    textured = bake(mesh, views_of(mesh, plain(RED)), QUICK)
    size = len(textured.coverage)
    for index, azimuth in enumerate(AZIMUTH_DEGREES.values()):
        a = np.radians(azimuth)
        vertex = (textured.normals @ [np.sin(a), -np.cos(a), 0]).argmax()
        column, row = (textured.uv[vertex] * size).astype(int).clip(0, size - 1)
        hue = textured.coverage[row, column] / np.linalg.norm(textured.coverage[row, column])
        likeness = hue @ (PALETTE / np.linalg.norm(PALETTE, axis=1, keepdims=True)).T
        assert likeness.argmax() == index
    column, row = (textured.uv[textured.normals[:, 2].argmax()] * size).astype(int)
    assert textured.coverage[row, column].max() < 10


def test_vertex_colours():
    mesh = sphere(cuts=5)
    colored = paint_vertices(mesh, views_of(mesh, lambda p: 0.5 + p / 0.8, 512))
    np.testing.assert_array_equal(colored.faces, mesh.faces)
    level = np.abs(mesh.vertices[:, 2]) < 0.3
    np.testing.assert_allclose(colored.colors[level], 0.5 + mesh.vertices[level] / 0.8, atol=0.03)


def test_views_and_textures_larger_than_what_is_painted_at_once():
    mesh = sphere(cuts=3)
    textured = bake(mesh, views_of(mesh, lambda p: 0.5 + p / 0.8, 1200), TextureSettings(1100))
    assert textured.image.shape == (1100, 1100, 3)
    assert (textured.image.reshape(-1, 3).max(1) > 60).all()


def test_an_empty_mesh_is_refused():
    empty = TriangleMesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    with pytest.raises(InputError, match="no faces"):
        bake(empty, views_of(sphere(cuts=1), plain(RED), 16), QUICK)


@pytest.mark.parametrize("weights", [(1.0,) * 5, (1.0, 1.0, 1.0, 1.0, 1.0, 1.5)])
def test_view_weights_out_of_bounds_are_refused(weights):
    with pytest.raises(InputError, match="view weights"):
        TextureSettings(view_weights=weights)


@pytest.mark.parametrize("size", [63, 8193])
def test_a_texture_size_out_of_bounds_is_refused(size):
    with pytest.raises(InputError, match=str(size)):
        TextureSettings(size=size)


def test_progress_counts_up_to_its_end():
    mesh, told = sphere(cuts=2), []
    bake(mesh, views_of(mesh, plain(RED), 32), QUICK, lambda *step: told.append(step))
    assert [step for step, _ in told] == list(range(1, told[-1][1] + 1))


def test_vertex_normals_do_not_depend_on_how_a_side_is_cut():
    normals = vertex_normals(box(cuts=0).vertices, box(cuts=0).faces)
    expected = np.sign(box(cuts=0).vertices) / np.sqrt(3)
    np.testing.assert_allclose(normals, expected, atol=1e-6)


def test_spot_looks_right_from_where_no_view_was():
    mesh = read_ply(ROOT / "tests/data/texture/spot.ply")
    views = load_views(ROOT / "examples/spot_views")
    textured = bake(mesh, views, TextureSettings(1024))
    for azimuth, least in ((22.5, 40), (225, 33)):
        with Image.open(ROOT / f"tests/data/texture/spot_{azimuth:g}.png") as truth:
            assert psnr(look(textured, azimuth, 512), np.asarray(truth)) > least
