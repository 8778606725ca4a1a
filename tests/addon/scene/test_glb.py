# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading binary glTF."""

from __future__ import annotations

import json
import struct
import time

import numpy as np
import pytest

pytest.importorskip("bpy")
import glyph

from era3d_blender.scene.glb import GlbError, read_glb

pytestmark = pytest.mark.bpy


def change(path, edit):
    """Rewrite the JSON of a GLB."""
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    edit(document)
    path.write_bytes(glyph.pack_glb(document, data[28 + size :]))


def signed_volume(triangles):
    a, b, c = np.moveaxis(triangles, 1, 0)
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


@pytest.fixture
def path(job):
    return job / "mesh.glb"


def test_vertices_are_back_in_the_world_and_shared(path):
    read = read_glb(path)
    expected, sides = glyph.triangles()
    assert len(read.vertices) == 22  # three boxes, two corners touch
    np.testing.assert_allclose(read.vertices[read.faces], expected, atol=1e-6)
    assert signed_volume(read.vertices[read.faces]) > 0  # outward, not mirrored
    np.testing.assert_allclose(read.uv[:, 0, 0], (sides + 0.5) / 6, atol=1e-6)
    np.testing.assert_allclose(read.uv[..., 1], 0.75)  # glTF's v runs downwards


def test_node_transforms_apply(path):
    def edit(document):
        turn = {"rotation": [0, np.sqrt(0.5), 0, np.sqrt(0.5)], "children": [1]}  # 90 deg about up
        move = {"mesh": 0, "translation": [0, 2, 0], "scale": [2, 2, 2]}
        document["nodes"] = [turn, move]

    change(path, edit)
    triangles = read_glb(path).vertices[read_glb(path).faces]
    x, y, z = np.moveaxis(glyph.triangles()[0], -1, 0)
    np.testing.assert_allclose(triangles, 2 * np.stack([-y, x, z + 1], -1), atol=1e-5)


def test_a_mirrored_node_keeps_faces_outward(path):
    change(path, lambda d: d["nodes"].__setitem__(0, {"mesh": 0, "scale": [-1, 1, 1]}))
    read = read_glb(path)
    assert signed_volume(read.vertices[read.faces]) > 0


def damage_count(document):
    document["accessors"][0]["count"] = 10**12


def damage_offset(document):
    document["bufferViews"][2]["byteOffset"] = 10**9


def damage_negative(document):
    document["bufferViews"][0]["byteOffset"] = -4


def damage_loop(document):
    document["nodes"][0]["children"] = [0]


def damage_outside(document):
    document["buffers"][0]["uri"] = "../secret.bin"


def damage_type(document):
    document["accessors"][0]["type"] = "MAT4"


def damage_empty(document):
    document["meshes"][0]["primitives"] = []


def damage_index(document):
    document["accessors"][2]["bufferView"] = 0
    document["accessors"][2]["count"] = 30


@pytest.mark.parametrize(
    "edit",
    [
        damage_count,
        damage_offset,
        damage_negative,
        damage_loop,
        damage_outside,
        damage_type,
        damage_empty,
        damage_index,
    ],
)
def test_a_damaged_file_is_told(path, edit):
    change(path, edit)
    with pytest.raises(GlbError):
        read_glb(path)


@pytest.mark.parametrize("length", [0, 3, 11, 12, 19, 40, 1000, -5])
def test_a_cut_file_is_told(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(GlbError):
        read_glb(path)


def test_fifty_thousand_faces_are_quick(path):
    columns = 160
    u, v = (grid.ravel() for grid in np.meshgrid(*[np.linspace(0, 1, columns)] * 2))
    vertices = np.stack([u - 0.5, 0.1 * np.sin(9 * u), v - 0.5], axis=1)
    corner = (np.arange(columns - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    quads = np.stack([corner, corner + 1, corner + columns + 1, corner + columns], axis=1)
    faces = quads[:, [0, 1, 2, 0, 2, 3]]
    path.write_bytes(glyph.glb(vertices, np.stack([u, v], axis=1), faces.ravel()))
    start = time.process_time()
    read = read_glb(path)
    assert time.process_time() - start < 0.5
    assert len(read.faces) == 2 * (columns - 1) ** 2
    assert len(read.vertices) == columns**2
