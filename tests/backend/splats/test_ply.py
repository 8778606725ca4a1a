# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PLY of 3DGS: what is written is read, bit by bit, and what is none is named."""

import dataclasses

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from era3d.errors import InputError
from era3d.mesh import TriangleMesh, write_ply
from era3d.splats import read_splat_ply, write_splat_ply
from tests.backend.splats.clouds import random_cloud


@pytest.mark.parametrize("degree", range(4))
def test_a_round_trip_keeps_every_bit(tmp_path, degree):
    cloud = random_cloud(50, degree)
    write_splat_ply(tmp_path / "cloud.ply", cloud)
    read = read_splat_ply(tmp_path / "cloud.ply")
    for field in dataclasses.fields(cloud):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(cloud, field.name))


def test_the_file_is_what_viewers_expect(tmp_path):
    cloud = random_cloud(5, degree=1)
    write_splat_ply(tmp_path / "cloud.ply", cloud)
    vertex = PlyData.read(str(tmp_path / "cloud.ply"))["vertex"]
    names = [each.name for each in vertex.properties]
    rest = [f"f_rest_{k}" for k in range(9)]
    wanted = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *rest, "opacity"]
    assert names == [*wanted, "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    # All coefficients of red come first, then those of green.
    np.testing.assert_array_equal(vertex["f_rest_1"], cloud.harmonics[:, 2, 0])
    np.testing.assert_array_equal(vertex["f_rest_3"], cloud.harmonics[:, 1, 1])


def test_text_and_big_endian_are_read(tmp_path):
    write_splat_ply(tmp_path / "cloud.ply", random_cloud(5))
    rows = PlyData.read(str(tmp_path / "cloud.ply"))["vertex"].data
    for name, how in (("text", {"text": True}), ("big", {"byte_order": ">"})):
        PlyData([PlyElement.describe(rows, "vertex")], **how).write(str(tmp_path / f"{name}.ply"))
        read = read_splat_ply(tmp_path / f"{name}.ply")
        np.testing.assert_allclose(read.means, random_cloud(5).means, atol=1e-6)


def test_a_mesh_is_told_from_splats(tmp_path):
    corners = np.eye(3, dtype=np.float32)
    write_ply(tmp_path / "mesh.ply", TriangleMesh(corners, np.array([[0, 1, 2]], np.int32)))
    with pytest.raises(InputError, match=r"mesh\.ply is a mesh, not Gaussian splats"):
        read_splat_ply(tmp_path / "mesh.ply")


def _with_rows(tmp_path, change):
    """A file of splats whose rows were changed."""
    write_splat_ply(tmp_path / "cloud.ply", random_cloud(5, degree=1))
    rows = np.array(PlyData.read(str(tmp_path / "cloud.ply"), mmap=False)["vertex"].data)
    PlyData([PlyElement.describe(change(rows), "vertex")]).write(str(tmp_path / "cloud.ply"))
    return tmp_path / "cloud.ply"


def _without(*names):
    return lambda rows: np.array(
        rows[[name for name in rows.dtype.names if name not in names]].tolist(),
        [(name, "<f4") for name in rows.dtype.names if name not in names],
    )


def _set(name, value):
    def change(rows):
        rows[name][2] = value
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("opacity", "rot_2"), "lacks opacity, rot_2"),
        (_without("f_rest_4"), "8 values f_rest"),
        (_set("scale_1", np.nan), "1 of 5 Gaussians have scales that are no number"),
        (_set("x", np.inf), "have positions that are no number"),
        (lambda rows: rows[:0], "has no vertices"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, message):
    path = _with_rows(tmp_path, change)
    with pytest.raises(InputError, match=message):
        read_splat_ply(path)


def test_rotations_of_no_length_are_refused(tmp_path):
    cloud = dataclasses.replace(random_cloud(3), rotations=np.zeros((3, 4), np.float32))
    write_splat_ply(tmp_path / "cloud.ply", cloud)
    with pytest.raises(InputError, match="rotations of length zero"):
        read_splat_ply(tmp_path / "cloud.ply")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"ply\nformat binary_little_endian 1.0\n"])
def test_what_is_no_ply_is_refused(tmp_path, content):
    (tmp_path / "other.ply").write_bytes(content)
    with pytest.raises(InputError, match=r"other\.ply"):
        read_splat_ply(tmp_path / "other.ply")


def test_a_file_that_ends_early_is_refused(tmp_path):
    write_splat_ply(tmp_path / "cloud.ply", random_cloud(5))
    whole = (tmp_path / "cloud.ply").read_bytes()
    (tmp_path / "cloud.ply").write_bytes(whole[:-10])
    with pytest.raises(InputError, match="cannot be read"):
        read_splat_ply(tmp_path / "cloud.ply")
