# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views laid over the object: where they fall, and what a render of them shows."""

from __future__ import annotations

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def made(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    made = import_job(job, empty_scene)
    made.root.scale, made.root.rotation_euler = (2, 2, 2), (0, 0, 0.7)
    bpy.context.view_layer.objects.active = made.mesh
    bpy.context.view_layer.update()
    return made


def uv_of(mesh, name):
    uv = np.empty(2 * len(mesh.loops), np.float32)
    mesh.uv_layers[name].uv.foreach_get("vector", uv)
    return uv.reshape(-1, 2)


def test_uv_lie_where_the_view_saw_the_vertices(made):
    from era3d_blender.scene.projection import project_uv

    for view, azimuth in glyph.AZIMUTHS.items():
        layer = project_uv(made.mesh, made.cameras[view])
        mesh = made.mesh.data
        points = np.array([mesh.vertices[loop.vertex_index].co for loop in mesh.loops])
        expected = points @ glyph.axes(azimuth)[:2].T + 0.5
        np.testing.assert_allclose(uv_of(mesh, layer.name), expected, atol=1e-5)


def test_painting_on_the_object_has_the_view_as_its_canvas(made, empty_scene):
    front = made.cameras["front"].data.background_images[1].image
    assert bpy.ops.era3d.view_paint(view="front", kind="normal") == {"FINISHED"}
    assert bpy.context.mode == "PAINT_TEXTURE"
    paint = empty_scene.tool_settings.image_paint
    assert (paint.mode, paint.canvas) == ("IMAGE", front)
    assert made.mesh.data.uv_layers.active.name == "Era3D Front"
    assert empty_scene.camera == made.cameras["front"]
    assert bpy.ops.era3d.paint_done() == {"FINISHED"}
    assert bpy.context.mode == "OBJECT"
    assert made.mesh.data.uv_layers.active.name == "UVMap"
    assert paint.mode == "MATERIAL"


def test_uv_project_says_the_same(made):
    from era3d_blender.scene.live_views import show_live_views

    show_live_views(made.root)
    assert [m.type for m in made.mesh.modifiers] == ["UV_PROJECT"] * 6
    bpy.context.view_layer.update()
    mesh = made.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    for name in ("Era3D Front", "Era3D Left", "Era3D Front Right"):
        np.testing.assert_allclose(uv_of(mesh, name), uv_of(made.mesh.data, name), atol=2e-3)


def render(scene, camera, path):
    from era3d_blender.cli import _even_light

    render = scene.render
    render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 4, False
    render.resolution_x = render.resolution_y = glyph.SIZE // 2
    render.film_transparent, scene.camera, scene.world = True, camera, _even_light()
    scene.view_settings.view_transform, render.filepath = "Standard", str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path), check_existing=False)
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    return values[values[:, 3] > 0.99, :3]


def test_a_stroke_on_a_view_shows_on_the_object_and_goes_again(made, empty_scene, tmp_path):
    made.mesh.data.shade_flat()  # boxes: smooth normals would point along their corners
    tree = made.mesh.data.materials[0].node_tree
    nodes, modifiers = {node.name for node in tree.nodes}, len(made.mesh.modifiers)
    assert bpy.ops.era3d.live_views() == {"FINISHED"}
    image = made.cameras["front"].data.background_images[0].image
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    values[:, :3] = (0, 1, 0)
    image.pixels.foreach_set(values.ravel())
    image.update()
    seen = np.median(render(empty_scene, made.cameras["front"], tmp_path / "green.png"), axis=0)
    assert seen[1] > 0.8
    assert max(seen[0], seen[2]) < 0.35  # a rough sheen lies over it
    back = np.median(render(empty_scene, made.cameras["back"], tmp_path / "back.png"), axis=0)
    np.testing.assert_allclose(back * 255, glyph.COLOURS[2], atol=30)  # untouched
    assert bpy.ops.era3d.live_views() == {"FINISHED"}
    assert {node.name for node in tree.nodes} == nodes
    assert len(made.mesh.modifiers) == modifiers
    assert [layer.name for layer in made.mesh.data.uv_layers] == ["UVMap"]
    surface = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert surface.inputs["Base Color"].links[0].from_node.name == "Era3D texture"


def test_without_a_texture_of_ours_it_says_so(made):
    tree = made.mesh.data.materials[0].node_tree
    tree.nodes.remove(tree.nodes["Era3D texture"])
    with pytest.raises(RuntimeError, match="no Era3D texture to lay the views over"):
        bpy.ops.era3d.live_views()
