# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier results stay, come back, and go when the artist says so."""

from __future__ import annotations

import glyph
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def root(empty_scene, job):
    """An import with three results: red, black above, and half as tall."""
    from era3d_blender.scene.importing import import_job, update_job

    root = import_job(job, empty_scene).root
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    assert update_job(root, empty_scene)
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[:, ::-1].copy()))
    assert update_job(root, empty_scene)
    return root


def shown(root):
    from era3d_blender.scene.roots import mesh_of

    mesh = mesh_of(root).data
    return mesh, mesh.materials[0].node_tree.nodes["Era3D texture"].image


def test_every_result_is_a_version_and_the_last_is_shown(root):
    versions = root.era3d.versions
    assert [version.name for version in versions] == ["1", "2", "3"]
    assert root.era3d.version == 2
    assert shown(root) == (versions[2].mesh, versions[2].texture)
    assert len({version.mesh.name for version in versions}) == 3
    assert {version.seed for version in versions} == {"7"}


def test_going_back_and_forth(root):
    from era3d_blender.scene.versions import show_version

    material = shown(root)[0].materials[0]
    for index in (0, 2, 1):
        show_version(root, index)
        version = root.era3d.versions[index]
        assert shown(root) == (version.mesh, version.texture)
        assert shown(root)[0].materials[0] == material  # the artist's, wherever one goes
    assert root.era3d.version == 1


def test_clean_up_removes_all_but_the_shown(root):
    from era3d_blender.scene.versions import remove_versions, show_version

    show_version(root, 1)
    meshes, images = len(bpy.data.meshes), len(bpy.data.images)
    assert remove_versions(root, [0, 1, 2]) == 2
    assert [version.name for version in root.era3d.versions] == ["2"]
    assert root.era3d.version == 0
    assert shown(root) == (root.era3d.versions[0].mesh, root.era3d.versions[0].texture)
    assert (len(bpy.data.meshes), len(bpy.data.images)) == (meshes - 2, images - 2)


def test_what_somebody_else_uses_stays(root):
    from era3d_blender.scene.versions import remove_versions

    first = root.era3d.versions[0].mesh
    bpy.data.objects.new("a copy", first)
    remove_versions(root, [0])
    assert first.name in bpy.data.meshes


def test_versions_live_in_the_file(root, tmp_path):
    from era3d_blender.scene.versions import show_version

    blend = tmp_path / "kept.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    root = bpy.data.objects["letter root"]
    assert len(root.era3d.versions) == 3
    show_version(root, 0)
    mesh, texture = shown(root)
    assert mesh.polygons
    assert texture.packed_file


def test_an_import_of_an_earlier_add_on_gets_its_first_version(root, job, empty_scene):
    from era3d_blender.scene.importing import update_job
    from era3d_blender.scene.versions import remove_versions

    remove_versions(root, [0, 1])
    kept = shown(root)
    root.era3d.versions.clear()
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()))
    assert update_job(root, empty_scene)
    assert [version.name for version in root.era3d.versions] == ["1", "2"]
    assert (root.era3d.versions[0].mesh, root.era3d.versions[0].texture) == kept
