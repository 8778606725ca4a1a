# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from era3d.errors import InputError
from era3d.mesh import TriangleMesh, read_ply, write_ply

TETRAHEDRON = TriangleMesh(
    np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32),
    np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32),
)


def test_ply_keeps_every_bit(tmp_path):
    write_ply(tmp_path / "mesh.ply", TETRAHEDRON)
    again = read_ply(tmp_path / "mesh.ply")
    np.testing.assert_array_equal(again.vertices, TETRAHEDRON.vertices)
    np.testing.assert_array_equal(again.faces, TETRAHEDRON.faces)


def test_trimesh_reads_our_ply(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    write_ply(tmp_path / "mesh.ply", TETRAHEDRON)
    assert trimesh.load(tmp_path / "mesh.ply").volume == pytest.approx(1 / 6)


def test_truncated_or_foreign_ply_is_named(tmp_path):
    path = tmp_path / "mesh.ply"
    write_ply(path, TETRAHEDRON)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"mesh\.ply is incomplete"):
        read_ply(path)
    path.write_text("ply\nformat ascii 1.0\nend_header\n")
    with pytest.raises(InputError, match="not a mesh written by era3d"):
        read_ply(path)


def test_volume_has_the_sign_of_the_facing():
    assert TETRAHEDRON.signed_volume() == pytest.approx(1 / 6)
    inside_out = TriangleMesh(TETRAHEDRON.vertices, TETRAHEDRON.faces[:, ::-1])
    assert inside_out.signed_volume() == pytest.approx(-1 / 6)
