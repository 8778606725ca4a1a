# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unwrapping: every face a place of its own, whatever becomes of xatlas."""

from pathlib import Path

import numpy as np
import pytest
import torch

from era3d.mesh import TriangleMesh, read_ply
from era3d.raster import rasterize
from era3d.texture import unwrap as module
from era3d.texture.projective import projective_atlas
from era3d.texture.unwrap import unwrap, xatlas_atlas
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


MESHES = {
    "spot": lambda: read_ply(SPOT),
    "sphere": lambda: sphere(cuts=4),
    "box": box,
    "two boxes": lambda: together(box(centre=(-0.2, 0, 0)), box(centre=(0.2, 0, 0))),
    "helix": helix,
    "one face": lambda: TriangleMesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32)),
}


@pytest.fixture(params=["xatlas", "projections"])
def make(request):
    return {
        "xatlas": lambda mesh, size: xatlas_atlas(mesh, size, 60),
        "projections": projective_atlas,
    }[request.param]


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
def test_faces_are_kept_and_lie_within_the_picture_without_overlap(make, name):
    mesh = MESHES[name]()
    atlas = make(mesh, SIZE)
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
def test_charts_keep_a_margin(make, name):
    atlas = make(MESHES[name](), SIZE)
    face = winners(atlas, 1)
    chart = np.where(face >= 0, charts(atlas)[face], -1)
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0)):
        other = np.roll(chart, shift, (0, 1))[2:-2, 2:-2]
        here = chart[2:-2, 2:-2]
        assert ((here == other) | (here < 0) | (other < 0)).all()


@pytest.mark.parametrize("name", ["spot", "helix"])
def test_projections_are_no_mirror_images(name):
    atlas = projective_atlas(MESHES[name](), SIZE)
    a, b, c = (atlas.uv[atlas.faces[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    # v counts downward, so what is counter-clockwise outside turns the other way.
    assert (turn <= 1e-9).all()


def test_most_of_the_picture_is_used(make):
    atlas = make(MESHES["spot"](), SIZE)
    assert (winners(atlas, 1) >= 0).mean() > 0.4


@pytest.mark.parametrize(
    "child",
    [
        "import os; os.abort()",
        "import time; time.sleep(60)",
        "raise SystemExit(3)",
        "import sys, numpy; numpy.savez(open(sys.argv[2], 'wb'), vertex=[0], uv=[[0., 0]], "
        "faces=[[0, 0, 0]])",
    ],
    ids=["crashes", "hangs", "gives up", "leaves faces out"],
)
def test_without_xatlas_the_projections_serve(monkeypatch, tmp_path, child):
    script = tmp_path / "child.py"
    script.write_text(child)
    monkeypatch.setattr(module, "CHILD", script)
    mesh = box()
    atlas, expected = unwrap(mesh, SIZE, 1.5), projective_atlas(mesh, SIZE)
    np.testing.assert_array_equal(atlas.uv, expected.uv)
    np.testing.assert_array_equal(atlas.faces, expected.faces)


def test_a_mesh_that_crashes_xatlas_is_tried_again_a_little_moved(monkeypatch, tmp_path):
    script = tmp_path / "child.py"
    script.write_text(
        "import os, runpy, sys\n"
        "if float(sys.argv[5]) == 0:\n"
        "    os.abort()\n"
        f"runpy.run_path({str(module.CHILD)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(module, "CHILD", script)
    assert xatlas_atlas(box(), SIZE, 60) is not None
