# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with a result: size and place, fewer faces and quads, coverage, asset."""

from __future__ import annotations

from pathlib import Path

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
Vector = pytest.importorskip("mathutils").Vector
pytestmark = pytest.mark.bpy
SPOT = Path(__file__).parents[2] / "data/job_small"


@pytest.fixture
def root(empty_scene, job):
    bpy.ops.era3d.import_job(directory=str(job))
    bpy.context.view_layer.update()
    return bpy.data.objects["letter root"]


def box(root):
    from era3d_blender.scene.placing import box_of

    bpy.context.view_layer.update()
    return box_of(root)


def test_height_in_the_scenes_units_and_the_foot_stays(root):
    root.location.x, root.rotation_euler.z = 3, 0.5
    low, high = box(root)
    root.era3d.height = 1.8
    again, top = box(root)
    assert root.era3d.height == pytest.approx(1.8)
    assert top.z - again.z == pytest.approx(1.8)
    assert again.z == pytest.approx(low.z, abs=1e-6)
    assert (again + top).x == pytest.approx((low + high).x, abs=1e-5)
    camera = bpy.data.objects["letter front"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert camera.data.ortho_scale == pytest.approx(1.8 / 0.75)
    root.era3d.height = 0.0  # nothing can be done with that
    assert root.era3d.height == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("where", "foot"), [("GROUND", (2, 1, 0)), ("CURSOR", (5, 6, 7)), ("ORIGIN", (0, 0, 0))]
)
def test_where_it_stands(root, empty_scene, where, foot):
    low, high = box(root)
    root.location += Vector((2, 1, 4)) - Vector(((low + high).x / 2, (low + high).y / 2, low.z))
    empty_scene.cursor.location = (5, 6, 7)
    bpy.context.view_layer.update()
    assert bpy.ops.era3d.place(where=where) == {"FINISHED"}
    low, high = box(root)
    stands = ((low + high).x / 2, (low + high).y / 2, low.z)
    assert stands == pytest.approx(foot, abs=1e-5)


def test_flat_stays_flat_with_the_next_result(root, job):
    assert bpy.ops.era3d.shade(smooth=False) == {"FINISHED"}
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    bpy.ops.era3d.update_job(root=root.name)
    mesh = bpy.data.objects["letter"].data
    assert len(root.era3d.versions) == 2
    assert not any(polygon.use_smooth for polygon in mesh.polygons)


def test_coverage_and_back(root, job):
    node = bpy.data.materials["letter"].node_tree.nodes["Era3D texture"]
    assert not bpy.ops.era3d.show_coverage.poll()
    (job / "coverage.png").write_bytes(glyph.png(np.full((8, 8, 3), (9, 99, 199), np.uint8)))
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    bpy.ops.era3d.update_job(root=root.name)
    texture = node.image
    assert bpy.ops.era3d.show_coverage() == {"FINISHED"}
    assert node.image["era3d_file"] == "coverage.png"
    assert bpy.ops.era3d.show_coverage() == {"FINISHED"}
    assert node.image == texture


@pytest.fixture
def spot(empty_scene):
    bpy.ops.era3d.import_job(directory=str(SPOT))
    bpy.context.view_layer.update()
    return bpy.data.objects["job_small root"]


def render(scene, path):
    from era3d_blender.cli import _even_light

    render = scene.render
    render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 8, False
    render.resolution_x = render.resolution_y = 96
    render.film_transparent, scene.world = True, _even_light()
    scene.camera = bpy.data.objects["job_small front_right"]
    scene.view_settings.view_transform, render.filepath = "Standard", str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path), check_existing=False)
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    bpy.data.images.remove(image)
    return values


@pytest.mark.parametrize(
    ("method", "faces", "corners"), [("DECIMATE", 1200, {3}), ("QUADS", 1500, {3, 4})]
)
def test_remeshed_it_looks_as_before(spot, empty_scene, tmp_path, method, faces, corners):
    before = render(empty_scene, tmp_path / "before.png")
    engine = empty_scene.render.engine
    thing = bpy.data.objects["job_small"]
    objects, materials = len(bpy.data.objects), len(bpy.data.materials)
    assert bpy.ops.era3d.remesh(method=method, faces=faces, texture_size=512) == {"FINISHED"}
    assert (len(bpy.data.objects), len(bpy.data.materials)) == (objects, materials)
    assert (bpy.context.active_object, empty_scene.render.engine) == (thing, engine)
    count = len(thing.data.polygons)
    assert 0.6 * faces < count < 1.4 * faces
    assert {len(polygon.vertices) for polygon in thing.data.polygons} <= corners
    after = render(empty_scene, tmp_path / "after.png")
    both = (before[:, 3] > 0.99) & (after[:, 3] > 0.99)
    either = (before[:, 3] > 0.5) | (after[:, 3] > 0.5)
    assert both.sum() / either.sum() > 0.88  # the rims are neither
    assert np.median(np.abs(before - after)[both, :3]) < 0.03
    assert np.abs(before - after)[both, :3].mean() < 0.08
    assert bpy.ops.era3d.version_show(index=0) == {"FINISHED"}
    assert len(thing.data.polygons) == 3000


def test_fewer_faces_than_there_are_are_not_to_be_had(spot):
    with pytest.raises(RuntimeError, match="has but 3,000 triangles"):
        bpy.ops.era3d.remesh(method="DECIMATE", faces=4000)
    assert len(spot.era3d.versions) == 1


def test_an_asset_stands_alone_in_its_size(root, tmp_path):
    root.era3d.height = 3.0
    bpy.context.view_layer.update()
    for tags in ("letter, F", "sign"):  # a second time brings the same asset up to date
        assert bpy.ops.era3d.mark_asset(author="Ada", license="CC0", tags=tags) == {"FINISHED"}
    (asset,) = (thing for thing in bpy.data.objects if thing.asset_data)
    about = asset.asset_data
    assert (about.author, about.license) == ("Ada", "CC0")
    assert {tag.name for tag in about.tags} == {"era3d", "letter", "F", "sign"}
    assert about.description == "Made from a picture by Era3D mini, seed 7"
    assert asset.parent is None
    assert not asset.users_scene
    assert tuple(asset.scale) == pytest.approx((4.0, 4.0, 4.0))  # the letter is 0.75 high
    size, pixels = tuple(asset.preview.image_size), asset.preview.image_pixels_float
    assert size == (256, 256)
    middle = np.array(pixels[:], np.float32).reshape(256, 256, 4)[128, 90]
    np.testing.assert_allclose(middle[:3] * 255, glyph.COLOURS[0], atol=2)
    blend = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(blend), assets_only=True) as (there, _):
        assert there.objects == ["letter asset"]
