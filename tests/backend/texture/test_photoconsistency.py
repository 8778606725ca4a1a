# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertices move to where the views agree, and only there."""

import cv2
import numpy as np
import pytest

from era3d.mesh import TriangleMesh
from era3d.texture import TextureSettings, bake, baking
from era3d.texture.exposure import estimate_gains
from era3d.texture.normals import vertex_normals
from era3d.texture.photoconsistency import _blurred, _picture, _Places, _Sight, move_to_agreement
from era3d.texture.sources import Surface, make_sources
from era3d.views import Views
from tests.backend.texture.scenes import box, look, psnr, sphere, views_of

RADIUS, SIZE = 0.35, 512
PIXEL = 1 / 512


def checks(points):
    """Soft squares: edges some pixels wide, as pictures have them."""
    wave = np.prod(np.sin(points * [70, 70, 60] + [0.3, 0.7, 0.2]), axis=1, keepdims=True)
    return 0.5 + 0.4 * np.tanh(6 * wave) * [1.0, 0.8, 0.5]


def plain(points):
    return np.full(points.shape, 0.4)


@pytest.fixture(scope="module")
def ball():
    return sphere(RADIUS, cuts=5)


@pytest.fixture(scope="module")
def views(ball):
    return views_of(ball, checks, SIZE)


def sources_of(mesh, views):
    normals = vertex_normals(mesh.vertices, mesh.faces)
    sources = make_sources(mesh, views, SIZE, (1.0,) * 6)
    return normals, sources, estimate_gains(sources, Surface(mesh.vertices, normals, normals))


def moved(mesh, views):
    return move_to_agreement(mesh, *sources_of(mesh, views))


def off_pixels(mesh, level=0.2):
    """How far the ball's vertices are from the true one, but for top and bottom."""
    radius = np.linalg.norm(mesh.vertices[np.abs(mesh.vertices[:, 2]) < level], axis=1)
    return np.abs(radius - RADIUS) / PIXEL


def dented(mesh, pixels=2):
    """The ball, by so much too large or small, in waves, but for its outlines."""
    x, y, z = mesh.vertices.T[..., None]
    wave = np.sin(9 * x + 1) * np.cos(8 * y) * np.cos(7 * z) * np.sin(4 * np.arctan2(y, x)) ** 2
    off = pixels * PIXEL * wave * mesh.vertices / RADIUS
    return TriangleMesh((mesh.vertices + off).astype(np.float32), mesh.faces)


def test_a_mesh_that_is_right_stays(ball, views):
    assert off_pixels(moved(ball, views)).mean() < 0.1


def test_a_mesh_that_is_off_comes_nearer(ball, views):
    wrong = dented(ball)
    again = moved(wrong, views)
    assert off_pixels(wrong).mean() > 0.2
    assert off_pixels(again).mean() < 0.4 * off_pixels(wrong).mean()
    np.testing.assert_array_equal(again.faces, wrong.faces)


def test_seen_from_between_the_views_it_looks_better(ball, views, monkeypatch):
    wrong, truth = dented(ball), views_of(ball, checks, SIZE, turned=22.5).color[0]
    after = psnr(look(bake(wrong, views, TextureSettings(1024)), 22.5, SIZE), truth)
    monkeypatch.setattr(baking, "move_to_agreement", lambda mesh, *_: mesh)
    before = psnr(look(bake(wrong, views, TextureSettings(1024)), 22.5, SIZE), truth)
    assert after > before + 2


def test_where_colours_tell_nothing_not_a_vertex_moves(ball):
    wrong = dented(ball)
    views = views_of(ball, plain, 128)
    np.testing.assert_array_equal(moved(wrong, views).vertices, wrong.vertices)


def test_something_painted_over_one_view_hardly_moves_anything(ball, views):
    color = views.color.copy()
    color[0, 220:300, 220:300, :3] = 0
    assert off_pixels(moved(ball, Views(color, views.normal))).max() < 0.5


def test_views_of_other_exposure_do_not_either(ball, views):
    color = views.color.copy()
    exposure = 0.95 * (1 + 0.05 * np.array([1, -1, 1, -1, 1, -1]))
    color[..., :3] = np.round(color[..., :3] * exposure[:, None, None, None])
    assert off_pixels(moved(ball, Views(color, views.normal))).mean() < 0.1


def test_a_view_alone_moves_nothing(ball, views):
    color = views.color.copy()
    color[1:, ..., 3] = 0
    again = moved(ball, Views(color, views.normal)).vertices
    np.testing.assert_allclose(again, ball.vertices, atol=1e-6)


def test_slopes_are_those_of_the_colours(ball, views):
    """Against differences of what is seen a little farther out and farther in."""
    normals, sources, gains = sources_of(ball, views)
    places = _Places.on(ball, normals).surface
    for source in sources[:2]:
        sight = _Sight.of(source, places)
        picture = _blurred(_picture(source, gains[source.index]), 3.0)
        zero = np.zeros(len(places.points), np.float32)
        _, slope = sight.look(picture, zero)
        step = np.float32(0.1)
        out, back = (sight.look(picture, zero + way * step)[0] for way in (1, -1))
        assert np.abs(slope - (out - back) / (2 * step)).mean() < 0.1 * np.abs(slope).mean()


def test_places_are_where_their_colours_are_looked_up(ball, views):
    normals, sources, _ = sources_of(ball, views)
    surface = _Places.on(ball, normals).surface
    sight = _Sight.of(sources[0], surface)
    right, up, _ = sources[0].axes @ surface.points[sight.seen].T
    np.testing.assert_allclose(sight.column, (right + 0.5) * SIZE - 0.5, atol=1e-3)
    np.testing.assert_allclose(sight.row, (0.5 - up) * SIZE - 0.5, atol=1e-3)
    assert _Places.on(ball, normals).area.sum() == pytest.approx(
        4 * np.pi * (RADIUS * SIZE) ** 2, rel=0.01
    )


def test_what_makes_an_outline_stays(views):
    """Though no two views agree on any colour of it."""
    cube = box((0.3, 0.3, 0.3), cuts=4)
    exact = views_of(cube, plain, 256)
    noise = np.random.default_rng(0).integers(0, 255, exact.color[..., :3].shape)
    color = exact.color.copy()
    color[..., :3] = cv2.GaussianBlur(
        noise.reshape(6 * 256, 256, 3).astype(np.uint8), (0, 0), 2.5
    ).reshape(noise.shape)
    off = np.abs(moved(cube, Views(color, exact.normal)).vertices - cube.vertices) / PIXEL
    assert off.max() < 0.5


def test_surface_that_moved_far_is_still_seen(ball, views):
    """Farther than the depth may be off that a view sees."""
    wrong = dented(ball, 3)
    textured = bake(wrong, views, TextureSettings(1024))
    assert off_pixels(textured).mean() < 0.5 * off_pixels(wrong).mean()
    level = np.abs(textured.vertices[:, 2]) < 0.2
    texel = np.round(textured.uv[level] * 1024 - 0.5).astype(int)
    assert (textured.coverage[texel[:, 1], texel[:, 0]].max(-1) > 64).mean() > 0.99
