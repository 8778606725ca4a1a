# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unwrapping: every face a place of its own, in a picture that is well used."""

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from era3d.mesh import TriangleMesh, read_ply
from era3d.raster import rasterize
from era3d.texture.charts import cut_into_charts
from era3d.texture.unwrap import unwrap
from tests.backend.texture.scenes import box, sphere, together

SPOT = Path(__file__).parents[2] / "data/texture/spot.ply"
SIZE = 512


def helix(turns: int = 3, steps: int = 120) -> TriangleMesh:
    """A ribbon that hides parts of itself from every side."""
    angle = np.linspace(0, 2 * np.pi * turns, steps)
    height = np.linspace(-0.3, 0.3, steps)
    rims = [np.stack([r * np.cos(angle), r * np.sin(angle), height], 1) for r in (0.1, 0.35)]
    first = np.arange(steps - 1)
    faces = [[first, first + steps, first + 1], [first + 1, first + steps, first + steps + 1]]
    return TriangleMesh(
        np.concatenate(rims).astype(np.float32),
        np.concatenate([np.stack(f, 1) for f in faces]).astype(np.int32),
    )


def three_sheets() -> TriangleMesh:
    """Three squares that meet in one edge, which no surface of a solid does."""
    outer = [[0.3 * np.cos(a), 0.3 * np.sin(a)] for a in np.radians([90, 210, 330])]
    vertices = [[0, 0, z] for z in (-0.3, 0.3)] + [[*xy, z] for xy in outer for z in (-0.3, 0.3)]
    faces = [f for a in (2, 4, 6) for f in ([0, a, a + 1], [0, a + 1, 1])]
    return TriangleMesh(np.array(vertices, np.float32), np.array(faces, np.int32))


MESHES = {
    "spot": lambda: read_ply(SPOT),
    "sphere": lambda: sphere(cuts=4),
    "box": box,
    "two boxes": lambda: together(box(centre=(-0.2, 0, 0)), box(centre=(0.2, 0, 0))),
    "helix": helix,
    "three sheets": three_sheets,
    "one face": lambda: TriangleMesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32)),
}


def winners(atlas, sign):
    """Face of each texel, the first on top or the last."""
    depth = sign * np.arange(len(atlas.faces), dtype=np.float32)
    depth = np.broadcast_to(depth[:, None, None], (len(depth), 3, 1))
    triangles = np.concatenate([atlas.uv[atlas.faces] * SIZE, depth], 2).astype(np.float32)
    return rasterize(torch.from_numpy(triangles), SIZE, SIZE).face.numpy()


def charts(atlas):
    """Chart of each face: pieces that hang together by vertices of the atlas."""
    label = np.arange(len(atlas.vertex))
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, atlas.faces, label[atlas.faces].min(1, keepdims=True))
        if (lowest == label).all():
            return label[atlas.faces[:, 0]]
        label = lowest


@pytest.mark.parametrize("name", MESHES)
def test_faces_are_kept_and_lie_within_the_picture_without_overlap(name):
    mesh = MESHES[name]()
    atlas = unwrap(mesh, SIZE)
    np.testing.assert_array_equal(atlas.vertex[atlas.faces], mesh.faces)
    assert atlas.uv.dtype == np.float32
    assert atlas.uv.min() >= 0
    assert atlas.uv.max() <= 1
    first, last = winners(atlas, 1), winners(atlas, -1)
    # Texel centres exactly on an edge belong to both of its faces.
    strangers = first != last
    shared = (mesh.faces[first][..., None] == mesh.faces[last][..., None, :]).any((-1, -2))
    assert (strangers & ~shared).sum() <= 1e-4 * (first >= 0).sum()


@pytest.mark.parametrize("name", ["spot", "box"])
def test_charts_do_not_touch(name):
    atlas = unwrap(MESHES[name](), SIZE)
    face = winners(atlas, 1)
    chart = np.where(face >= 0, charts(atlas)[face], -1)
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = np.roll(chart, shift, (0, 1))[1:-1, 1:-1]
        here = chart[1:-1, 1:-1]
        assert ((here == other) | (here < 0) | (other < 0)).all()


@pytest.mark.parametrize("name", ["spot", "helix"])
def test_projections_are_no_mirror_images(name):
    atlas = unwrap(MESHES[name](), SIZE)
    a, b, c = (atlas.uv[atlas.faces[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    # v counts downward, so what is counter-clockwise outside turns the other way.
    assert (turn <= 1e-9).all()


@functools.cache
def spot_atlas():
    return unwrap(MESHES["spot"](), 1024)


def fill(atlas, size=1024):
    """Share of texels in a chart or next to one, where filtering reads."""
    drawn = np.zeros((size, size), np.uint8)
    for corners in np.round((atlas.uv[atlas.faces] * size - 0.5) * 16).astype(np.int32):
        cv2.fillConvexPoly(drawn, corners, 1, shift=4)
    return cv2.dilate(drawn, np.ones((3, 3), np.uint8)).mean()


def test_most_of_the_picture_is_used():
    assert fill(spot_atlas()) > 0.72


def test_charts_of_one_scale():
    """Texels are spread evenly: a chart is as large as its view shows it."""
    atlas, outline = spot_atlas(), cut_into_charts(MESHES["spot"]()).outline
    ratio = np.linalg.norm(np.diff(atlas.uv[atlas.faces], axis=1), axis=2)
    ratio /= np.linalg.norm(np.diff(outline, axis=1), axis=2)
    assert ratio.max() < 1.07 * ratio.min()


def test_seams_lie_where_views_change():
    """A ball is cut into eight: six sides, top and bottom."""
    assert len(np.unique(charts(unwrap(sphere(cuts=5), SIZE)))) == 8


def test_thousands_of_loose_pieces_still_fit():
    corner = np.random.default_rng(0).uniform(-0.4, 0.4, (2000, 1, 3))
    vertices = corner + np.random.default_rng(1).normal(0, 0.004, (2000, 3, 3))
    mesh = TriangleMesh(
        vertices.reshape(-1, 3).astype(np.float32), np.arange(6000, dtype=np.int32).reshape(-1, 3)
    )
    atlas = unwrap(mesh, 256)
    assert atlas.uv.min() >= 0
    assert atlas.uv.max() <= 1
    assert len(np.unique(atlas.uv, axis=0)) > 5500


def test_faces_without_area_do_no_harm():
    mesh = box()
    faces = np.concatenate([mesh.faces, [[0, 0, 1], [2, 2, 2]]]).astype(np.int32)
    line = TriangleMesh(mesh.vertices, np.array([[0, 1, 1]], np.int32))
    for degenerate in (TriangleMesh(mesh.vertices, faces), line):
        atlas = unwrap(degenerate, SIZE)
        assert np.isfinite(atlas.uv).all()
        np.testing.assert_array_equal(atlas.vertex[atlas.faces], degenerate.faces)
