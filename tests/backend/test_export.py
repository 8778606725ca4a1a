# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GLB: what was written is read back, by us and by others."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.cameras import VIEWS, camera_to_world, gltf_to_world
from era3d.errors import InputError
from era3d.export import linear_to_srgb, read_glb, srgb_to_linear, write_glb
from era3d.texture import ColoredMesh, TexturedMesh


@pytest.fixture
def textured() -> TexturedMesh:
    """A square, front side towards the front camera, with a texture that has no symmetry."""
    image = np.random.default_rng(0).integers(0, 256, (63, 63, 3), np.uint8)
    return TexturedMesh(
        np.array(
            [[-0.3, -0.1, -0.2], [0.3, -0.1, -0.2], [0.3, -0.1, 0.4], [-0.3, -0.1, 0.4]], "f4"
        ),
        np.array([[0, -1, 0]] * 4, np.float32),
        np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        image,
    )


@pytest.fixture
def document(tmp_path, textured):
    write_glb(tmp_path / "mesh.glb", textured)
    return document_of(tmp_path / "mesh.glb")


def document_of(path: Path) -> dict:
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length])


def test_round_trip(tmp_path, textured):
    write_glb(tmp_path / "mesh.glb", textured)
    again = read_glb(tmp_path / "mesh.glb")
    np.testing.assert_array_equal(again.vertices, textured.vertices)
    np.testing.assert_array_equal(again.normals, textured.normals)
    np.testing.assert_array_equal(again.uv, textured.uv)
    np.testing.assert_array_equal(again.faces, textured.faces)
    np.testing.assert_array_equal(again.image, textured.image)


def test_round_trip_with_a_normal_map(tmp_path, textured):
    tangents = np.array([[1, 0, 0, 1]] * 4, np.float32)
    normal_map = np.random.default_rng(1).integers(0, 256, (31, 31, 3), np.uint8)
    write_glb(tmp_path / "mesh.glb", replace(textured, tangents=tangents, normal_map=normal_map))
    again = read_glb(tmp_path / "mesh.glb")
    np.testing.assert_array_equal(again.image, textured.image)
    np.testing.assert_array_equal(again.tangents, tangents)
    np.testing.assert_array_equal(again.normal_map, normal_map)
    document = document_of(tmp_path / "mesh.glb")
    (material,) = document["materials"]
    image = document["images"][document["textures"][material["normalTexture"]["index"]]["source"]]
    assert image["name"] == "era3d_normal"


def test_round_trip_of_vertex_colours_which_the_file_has_linear(tmp_path, textured):
    colors = np.random.default_rng(2).random((4, 3), np.float32)
    colored = ColoredMesh(textured.vertices, textured.normals, colors, textured.faces)
    write_glb(tmp_path / "mesh.glb", colored)
    again = read_glb(tmp_path / "mesh.glb")
    np.testing.assert_array_equal(again.vertices, textured.vertices)
    np.testing.assert_array_equal(again.faces, textured.faces)
    np.testing.assert_allclose(again.colors, colors, atol=1e-6)
    document = document_of(tmp_path / "mesh.glb")
    assert "textures" not in document
    assert "baseColorTexture" not in document["materials"][0]["pbrMetallicRoughness"]
    trimesh = pytest.importorskip("trimesh")
    (mesh,) = trimesh.load(tmp_path / "mesh.glb", process=False).geometry.values()
    stored = np.asarray(mesh.visual.vertex_attributes["color"])[:, :3]
    np.testing.assert_allclose(stored, srgb_to_linear(colors), atol=0.003)


def test_srgb_is_decoded_and_encoded_as_the_standard_says():
    encoded = np.array([0.0, 0.04, 0.2, 0.5, 1.0])
    linear = srgb_to_linear(encoded)
    np.testing.assert_allclose(linear, [0, 0.0030960, 0.0331048, 0.2140411, 1], atol=1e-6)
    np.testing.assert_allclose(linear_to_srgb(linear), encoded, atol=1e-6)


def test_the_container_is_as_the_specification_wants_it(tmp_path, textured, document):
    data = (tmp_path / "mesh.glb").read_bytes()
    magic, version, size = struct.unpack_from("<4sII", data)
    text = struct.unpack_from("<I", data, 12)[0]
    binary, kind = struct.unpack_from("<I4s", data, 20 + text)
    assert (magic, version, size) == (b"glTF", 2, len(data))
    assert (text % 4, binary % 4, kind) == (0, 0, b"BIN\0")
    assert 28 + text + binary == len(data)
    assert document["buffers"] == [{"byteLength": binary}]
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= binary
    # Y up, and the front looks along +Z.
    position = document["accessors"][0]
    np.testing.assert_allclose(position["min"], [-0.3, -0.2, 0.1], atol=1e-6)
    np.testing.assert_allclose(position["max"], [0.3, 0.4, 0.1], atol=1e-6)


def test_the_material_leaves_the_texture_as_it_is(document):
    (material,) = document["materials"]
    surface = material["pbrMetallicRoughness"]
    assert surface["baseColorFactor"] == [1, 1, 1, 1]
    assert surface["metallicFactor"] == 0
    assert surface["roughnessFactor"] == 1
    assert document["images"][document["textures"][0]["source"]]["mimeType"] == "image/png"


def test_six_orthographic_cameras_stand_where_the_views_were_taken(document):
    nodes = {node["name"]: node for node in document["nodes"] if "camera" in node}
    assert tuple(nodes) == VIEWS
    for view, node in nodes.items():
        camera = document["cameras"][node["camera"]]
        assert camera["type"] == "orthographic"
        lens = camera["orthographic"]
        assert (lens["xmag"], lens["ymag"]) == (0.5, 0.5)
        matrix = np.array(node["matrix"]).reshape(4, 4).T
        back_in_world = gltf_to_world(matrix[:3, :4].T).T
        np.testing.assert_allclose(back_in_world, camera_to_world(view)[:3], atol=1e-12)
        assert lens["znear"] < np.linalg.norm(matrix[:3, 3]) - 0.71
        assert lens["zfar"] > np.linalg.norm(matrix[:3, 3]) + 0.71


def test_others_read_it_too(tmp_path, textured):
    trimesh = pytest.importorskip("trimesh")
    write_glb(tmp_path / "mesh.glb", textured)
    scene = trimesh.load(tmp_path / "mesh.glb", process=False)
    (mesh,) = scene.geometry.values()
    np.testing.assert_allclose(gltf_to_world(mesh.vertices), textured.vertices, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, textured.faces)
    material = mesh.visual.material
    np.testing.assert_array_equal(np.asarray(material.baseColorTexture), textured.image)
    assert (np.asarray(material.baseColorFactor) == 255).all()
    # trimesh counts v upward.
    np.testing.assert_allclose(mesh.visual.uv, textured.uv * [1, -1] + [0, 1], atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"glTF", b"not a GLB file at all, but long enough", None])
def test_other_files_are_refused_by_name(tmp_path, content):
    path: Path = tmp_path / "other.glb"
    if content is None:
        Image.new("RGB", (8, 8)).save(path, "PNG")
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"other\.glb"):
        read_glb(path)
