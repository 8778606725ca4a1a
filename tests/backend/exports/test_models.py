# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OBJ, STL and USD, read back by readers of others."""

import sys

import numpy as np
import pytest
import trimesh

from era3d.cameras import world_to_gltf
from era3d.errors import InputError
from era3d.exports.models import export_obj, export_stl, export_usd
from tests.backend.exports.scenes import colored, painted


def test_obj_keeps_shape_and_texture(tmp_path):
    mesh = painted()
    export_obj(mesh, tmp_path / "ball.obj")
    read = trimesh.load(tmp_path / "ball.obj", process=False)
    np.testing.assert_allclose(read.vertices, world_to_gltf(mesh.vertices), atol=1e-6)
    assert read.volume > 0
    np.testing.assert_allclose(read.visual.uv[:, 0], mesh.uv[:, 0], atol=1e-6)
    np.testing.assert_allclose(1 - read.visual.uv[:, 1], mesh.uv[:, 1], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(read.visual.material.image), mesh.image)


def test_obj_carries_colours_of_vertices(tmp_path):
    mesh = colored()
    export_obj(mesh, tmp_path / "ball.obj")
    read = trimesh.load(tmp_path / "ball.obj", process=False)
    np.testing.assert_allclose(read.visual.vertex_colors[:, :3] / 255, mesh.colors, atol=0.01)


def test_stl_keeps_the_world_frame(tmp_path):
    mesh = painted()
    export_stl(mesh, tmp_path / "ball.stl")
    read = trimesh.load(tmp_path / "ball.stl")
    assert read.is_watertight
    np.testing.assert_allclose(read.bounds, [mesh.vertices.min(0), mesh.vertices.max(0)])


@pytest.mark.parametrize("make", [painted, colored])
def test_usd_keeps_the_world_frame(tmp_path, make):
    usd = pytest.importorskip("pxr.Usd")
    from pxr import UsdGeom

    mesh = make()
    export_usd(mesh, tmp_path / "ball.usdc")
    stage = usd.Stage.Open(str(tmp_path / "ball.usdc"))
    assert UsdGeom.GetStageUpAxis(stage) == "Z"
    surface = UsdGeom.Mesh(stage.GetDefaultPrim())
    np.testing.assert_array_equal(np.array(surface.GetPointsAttr().Get()), mesh.vertices)
    corners = np.array(surface.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    np.testing.assert_array_equal(corners, mesh.faces)
    assert (tmp_path / "ball.png").is_file() == (make is painted)


def test_the_extra_to_install_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(InputError, match=r"usd-core: pip install 'era3d\[usd\]'"):
        export_usd(painted(), tmp_path / "ball.usdc")
