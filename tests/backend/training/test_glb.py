# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a user's own files, good and bad."""

import json
import struct

import numpy as np
import pytest
import trimesh
from PIL import Image

from era3d.errors import InputError
from era3d.training.data import open_meshes
from era3d.training.glb import GlbFolder, cut_faces, read_glb


def box(**visual):
    mesh = trimesh.creation.box(extents=(2, 1, 4))
    if visual:
        mesh.visual = visual["visual"]
    return mesh


def write(path, mesh):
    path.write_bytes(trimesh.exchange.gltf.export_glb(trimesh.Scene([mesh])))
    return path


def textured():
    """A sheet facing glTF's front, the left half of its texture red, the right one blue."""
    image = Image.new("RGB", (64, 64), (255, 0, 0))
    image.paste((0, 0, 255), (32, 0, 64, 64))
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=image, baseColorFactor=[255, 255, 255, 255]
    )
    return trimesh.Trimesh(
        [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]],
        [[0, 1, 2], [0, 2, 3]],
        visual=trimesh.visual.TextureVisuals(
            uv=[[0, 0], [1, 0], [1, 1], [0, 1]], material=material
        ),
        process=False,
    )


def rewrite(path, change):
    """Change the JSON of a GLB file."""
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    told, rest = json.loads(data[20 : 20 + length]), data[20 + length :]
    change(told)
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 4)
    header = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    path.write_bytes(header + text + rest)
    return path


def test_a_box_is_turned_to_our_frame_and_fills_the_cube(tmp_path):
    mesh = read_glb(write(tmp_path / "box.glb", box()))
    extent = np.ptp(mesh.vertices, 0)  # glTF's y is up, ours is z
    assert extent == pytest.approx([0.5, 1.0, 0.25])
    corners = mesh.vertices[mesh.faces].astype(float)
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx(0.125, rel=1e-3)


def test_a_texture_is_seen_from_the_front_as_it_was_painted(tmp_path):
    mesh = read_glb(write(tmp_path / "sheet.glb", textured()))
    corners, colors = mesh.vertices[mesh.faces], mesh.colors
    assert np.ptp(corners[..., 1]) == pytest.approx(0, abs=1e-6)  # the sheet faces us
    left, right = (corners[..., 0] < -0.05).all(1), (corners[..., 0] > 0.05).all(1)
    assert left.any()
    assert right.any()
    assert colors[left] == pytest.approx(np.broadcast_to([1.0, 0, 0], colors[left].shape))
    assert colors[right] == pytest.approx(np.broadcast_to([0, 0, 1.0], colors[right].shape))


def test_cutting_keeps_the_area_and_obeys_the_bound():
    triangles = np.random.default_rng(0).random((5, 3, 5))

    def area(t):
        sides = t[:, 1, :3] - t[:, 0, :3], t[:, 2, :3] - t[:, 0, :3]
        return np.linalg.norm(np.cross(*sides), axis=1).sum()

    cut = cut_faces(triangles, 0.1)
    assert area(cut) == pytest.approx(area(triangles))
    edges = np.linalg.norm((cut - np.roll(cut, 1, 1))[..., :3], axis=-1)
    assert edges.max() <= 0.1 + 1e-9


def test_a_missing_texture_leaves_the_material_s_color(tmp_path):
    path = write(tmp_path / "sheet.glb", textured())

    def lose(told):
        told["images"] = [{"uri": "gone.png"}]
        told["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [0.2, 0.4, 0.6, 1]

    mesh = read_glb(rewrite(path, lose))
    assert mesh.colors == pytest.approx(
        np.broadcast_to([0.2, 0.4, 0.6], mesh.colors.shape), abs=0.01
    )


def test_vertex_colors_count(tmp_path):
    mesh = box()
    mesh.visual.vertex_colors = np.tile([10, 200, 30, 255], (len(mesh.vertices), 1))
    found = read_glb(write(tmp_path / "box.glb", mesh))
    assert found.colors[0, 0] * 255 == pytest.approx([10, 200, 30], abs=1)


def test_bad_files_are_named_with_the_reason(tmp_path, caplog):
    bad = box()
    bad.vertices[0] = np.nan
    huge = rewrite(
        write(tmp_path / "huge.glb", box()),
        lambda told: [a.update(count=15_000_000) for a in told["accessors"]],
    )
    for path, reason in (
        (write(tmp_path / "nan.glb", bad), "NaN"),
        (huge, "5,000,000 triangles"),
        (tmp_path / "text.glb", "no GLB file"),
    ):
        if not path.exists():
            path.write_text("hello")
        with pytest.raises(InputError, match=reason) as caught:
            read_glb(path)
        assert path.name in str(caught.value)
    empty = rewrite(
        write(tmp_path / "empty.glb", box()),
        lambda told: told.update(meshes=[], nodes=[{"name": "world"}], scenes=[{"nodes": [0]}]),
    )
    with pytest.raises(InputError, match="no faces"):
        read_glb(empty)
    folder = tmp_path / "good"
    folder.mkdir()
    write(folder / "box.glb", box())
    (tmp_path / "nan.glb").rename(folder / "nan.glb")
    meshes = open_meshes(folder)
    assert [record.file for record in meshes.records] == ["box.glb"]
    assert list(meshes.refused) == ["nan.glb"]
    (told,) = caplog.messages
    assert "nan.glb" in told
    assert "NaN" in told


def test_a_folder_with_nothing_to_use_is_refused_with_the_reasons(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        GlbFolder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no GLB file"):
        GlbFolder(tmp_path)
    (tmp_path / "text.glb").write_text("hello")
    with pytest.raises(InputError, match=r"text\.glb"):
        GlbFolder(tmp_path)


def test_subfolders_are_packs_and_a_changed_file_is_another_object(tmp_path):
    (tmp_path / "cars").mkdir()
    path = write(tmp_path / "cars" / "box.glb", box())
    first = GlbFolder(tmp_path).records[0]
    assert first.pack == first.category == "cars"
    write(path, textured())
    assert GlbFolder(tmp_path).records[0].id != first.id
