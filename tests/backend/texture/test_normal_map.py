# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal map: nearer to the views than the mesh's own normals, and in glTF's frame."""

import numpy as np
import pytest
import torch

from era3d.cameras import normals_to_maps
from era3d.raster import rasterize
from era3d.texture import TextureSettings, bake
from era3d.texture.normals import unit, vertex_normals
from era3d.texture.tangents import to_tangent_space, vertex_tangents
from era3d.views import Views
from tests.backend.texture.scenes import _in_image, sphere, views_of


def bumpy(points):
    """Normals of a ball with shallow waves."""
    return unit(unit(points) + 0.25 * np.sin(points[:, [1, 2, 0]] * 40))


def bumpy_views(mesh, size=512) -> Views:
    """Views whose normals have waves that the mesh lacks."""
    plain = views_of(mesh, lambda p: np.full(p.shape, 0.5), size)
    waves = views_of(mesh, lambda p: (normals_to_maps(bumpy(p)) + 1) / 2, size)
    normal = plain.normal.copy()
    normal[..., :3] = waves.color[..., :3]
    return Views(plain.color, normal)


def shaded(textured, azimuth, size=512):
    """What a renderer makes of the normal map: points, normals, and normals without the map."""
    fragments = rasterize(_in_image(textured.vertices, textured.faces, azimuth, size), size, size)
    seen = (fragments.face >= 0).numpy()

    def at(values):
        return fragments.interpolate(torch.from_numpy(values[textured.faces])).numpy()[seen]

    texel = (at(textured.uv) * len(textured.normal_map)).astype(int)
    x, y, z = (textured.normal_map[texel[:, 1], texel[:, 0]] / 127.5 - 1).T[..., None]
    normal, tangent = at(textured.normals), at(textured.tangents)
    bitangent = np.cross(normal, tangent[:, :3]) * tangent[:, 3:]
    return (
        at(textured.vertices),
        unit(x * tangent[:, :3] + y * bitangent + z * normal),
        unit(normal),
    )


def degrees_between(one, other):
    return np.degrees(np.arccos((one * other).sum(1).clip(-1, 1)))


@pytest.fixture(scope="module")
def textured():
    mesh = sphere(cuts=3)
    return bake(mesh, bumpy_views(mesh), TextureSettings(size=1024, normal_map=True))


@pytest.mark.parametrize("azimuth", [0, 22.5, 180])
def test_shading_follows_the_views_normals(textured, azimuth):
    points, mapped, plain = shaded(textured, azimuth)
    # Tops and bottoms are seen at a slant, by all views.
    level = np.abs(points[:, 2]) < 0.25
    truth = bumpy(points)
    assert degrees_between(plain, truth)[level].mean() > 8
    assert degrees_between(mapped, truth)[level].mean() < 2


def test_what_no_view_sees_stays_as_the_mesh_has_it(textured):
    top = textured.normals[:, 2] > 0.999
    texel = (textured.uv[top] * len(textured.normal_map)).astype(int)
    encoded = textured.normal_map[texel[:, 1], texel[:, 0]]
    assert top.any()
    assert np.abs(encoded.astype(int) - [128, 128, 255]).max() <= 1


def test_without_being_asked_for_there_is_none():
    mesh = sphere(cuts=2)
    textured = bake(mesh, bumpy_views(mesh, 64), TextureSettings(size=64))
    assert textured.normal_map is None
    assert textured.tangents is None


def test_tangents_point_where_u_grows_and_bitangents_up_the_picture(textured):
    a, b, c = (textured.faces[:, k] for k in range(3))
    edges = textured.vertices[[b, c]] - textured.vertices[a]
    steps = (textured.uv[[b, c]] - textured.uv[a]).transpose(1, 0, 2)
    u, v = np.linalg.solve(steps, edges.transpose(1, 0, 2)).transpose(1, 0, 2)
    tangent = textured.tangents[a]
    bitangent = np.cross(textured.normals[a], tangent[:, :3]) * tangent[:, 3:]
    assert (unit(u) * tangent[:, :3]).sum(1).min() > 0.8
    assert (unit(-v) * bitangent).sum(1).min() > 0.5
    np.testing.assert_allclose((tangent[:, :3] * textured.normals[a]).sum(1), 0, atol=1e-5)


@pytest.mark.parametrize("mirrored", [False, True])
def test_frames_are_inverted_whichever_way_the_texture_turns(mirrored):
    mesh = sphere(cuts=2)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    uv = mesh.vertices[:, [0, 2]] * ([-1, -1] if mirrored else [1, -1]) + 0.5
    front = mesh.faces[mesh.vertices[mesh.faces].mean(1)[:, 1] < -0.1]
    tangents = vertex_tangents(mesh.vertices, normals, uv.astype(np.float32), front)
    used = np.unique(front)
    assert (tangents[used, 3] == (-1 if mirrored else 1)).all()
    wanted = unit(np.random.default_rng(0).normal(size=(len(used), 3))).astype(np.float32)
    x, y, z = to_tangent_space(wanted, normals[used], tangents[used]).T[..., None]
    tangent = tangents[used]
    bitangent = np.cross(normals[used], tangent[:, :3]) * tangent[:, 3:]
    again = unit(x * tangent[:, :3] + y * bitangent + z * normals[used])
    np.testing.assert_allclose(again, wanted, atol=1e-5)


def test_faces_without_area_in_the_texture_do_no_harm():
    mesh = sphere(cuts=1)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    nowhere = np.full((len(normals), 2), 0.5, np.float32)
    tangents = vertex_tangents(mesh.vertices, normals, nowhere, mesh.faces)
    np.testing.assert_allclose(np.linalg.norm(tangents[:, :3], axis=1), 1, atol=1e-5)
