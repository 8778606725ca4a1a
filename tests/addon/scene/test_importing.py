# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder in the scene: registered, resting on the ground, right way round, standing alone."""

from __future__ import annotations

import json
import time
from pathlib import Path

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
BVHTree = pytest.importorskip("mathutils.bvhtree").BVHTree

pytestmark = pytest.mark.bpy
SPOT = Path(__file__).parents[2] / "data/job_small"


@pytest.fixture
def imported(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    made = import_job(job, empty_scene)
    bpy.context.view_layer.update()
    return made


def counts():
    kinds = ("objects", "collections", "cameras", "meshes", "materials", "images")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def world_triangles(mesh_object):
    mesh = mesh_object.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    vertices = np.empty(3 * len(mesh.vertices))
    mesh.vertices.foreach_get("co", vertices)
    faces = np.empty(len(mesh.loops), int)
    mesh.loops.foreach_get("vertex_index", faces)
    world = np.array(mesh_object.matrix_world)
    return (vertices.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])[faces.reshape(-1, 3)]


def seen_through(camera, mesh_object):
    """Which pixels the mesh covers in a camera, by its matrix and scale in the scene."""
    pose = np.array(camera.matrix_world.normalized())  # Blender ignores a camera's own scale
    to_camera = np.linalg.inv(pose)
    scale = camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.ortho_scale
    local = (world_triangles(mesh_object) @ to_camera[:3, :3].T + to_camera[:3, 3]) / scale
    corners = np.arange(3 * len(local)).reshape(-1, 3)
    tree = BVHTree.FromPolygons(local.reshape(-1, 3).tolist(), corners.tolist())
    centres = (np.arange(glyph.SIZE) + 0.5) / glyph.SIZE - 0.5
    hits = [tree.ray_cast((x, -y, 9), (0, 0, -1))[0] for y in centres for x in centres]
    return np.array([hit is not None for hit in hits]).reshape(glyph.SIZE, glyph.SIZE)


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def pixels(image):
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], -1)[::-1]


def test_one_collection_with_everything(imported, empty_scene):
    assert imported.collection.name == "letter"
    assert imported.collection in list(empty_scene.collection.children)
    assert {thing.name for thing in imported.collection.objects} == {"letter", "letter root"}
    shelf = imported.collection.children[0]
    assert [thing.name for thing in shelf.objects] == [f"letter {view}" for view in glyph.AZIMUTHS]
    assert empty_scene.camera == imported.cameras["front"]
    assert imported.root["era3d_job"].endswith("letter")
    assert (imported.root["era3d_model"], imported.root["era3d_seed"]) == ("mini", "7")


def test_it_stands_on_the_ground_facing_minus_y(imported):
    triangles = world_triangles(imported.mesh)
    assert triangles[..., 2].min() == pytest.approx(0, abs=1e-6)
    front = imported.cameras["front"].matrix_world
    assert front.translation.y < -1
    assert front.translation.z == pytest.approx(0.4)  # lifted with the mesh


def test_cameras_are_the_jobs_cameras(imported):
    lift = np.array(imported.root.matrix_world)
    for view, azimuth in glyph.AZIMUTHS.items():
        camera = imported.cameras[view]
        expected = lift @ glyph.matrix_world(azimuth)
        np.testing.assert_allclose(np.array(camera.matrix_world), expected, atol=1e-6)
        assert camera.data.type == "ORTHO"
        assert camera.data.ortho_scale == pytest.approx(1.0)


def test_numbers_are_those_of_the_backend(imported):
    cameras = pytest.importorskip("era3d.cameras")
    for entry in cameras.describe_views():
        local = np.array(imported.cameras[entry["name"]].matrix_local)
        np.testing.assert_allclose(local, entry["matrix_world"], atol=1e-6)


@pytest.mark.parametrize("moved", [False, True])
def test_the_mesh_covers_each_view_exactly(imported, job, moved):
    if moved:
        imported.root.location = (3, -2, 1)
        imported.root.rotation_euler = (0.3, 0.2, 1.1)
        imported.root.scale = (2.5, 2.5, 2.5)
        bpy.context.view_layer.update()
    for view, camera in imported.cameras.items():
        picture = camera.data.background_images[0].image
        alpha = pixels(picture)[..., 3] > 0.5
        assert overlap(seen_through(camera, imported.mesh), alpha) > 0.99, view


def test_a_real_mesh_covers_its_views(empty_scene):
    """Spot, from clean views through the backend: the numbers of both halves agree."""
    from era3d_blender.scene.importing import import_job

    made = import_job(SPOT, empty_scene)
    bpy.context.view_layer.update()
    for view, camera in made.cameras.items():
        alpha = pixels(camera.data.background_images[0].image)[..., 3] > 0.5
        assert overlap(seen_through(camera, made.mesh), alpha) > 0.97, view
    corners = np.array([polygon.vertices for polygon in made.mesh.data.polygons])
    edges = np.sort(corners[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2))
    assert np.unique(edges, axis=0, return_counts=True)[1].min() == 2  # no seam has torn it


def test_a_mirrored_mesh_would_not_cover_the_view(imported):
    alpha = pixels(imported.cameras["front"].data.background_images[0].image)[..., 3] > 0.5
    assert overlap(alpha, alpha[:, ::-1]) < 0.7


@pytest.mark.parametrize("engine", ["CYCLES"])
def test_a_render_through_the_front_camera_reads_the_right_way_round(
    imported, empty_scene, tmp_path, engine
):
    render = empty_scene.render
    render.engine = engine
    empty_scene.cycles.samples = 4
    empty_scene.cycles.use_denoising = False
    empty_scene.view_settings.view_transform = "Standard"
    render.resolution_x = render.resolution_y = glyph.SIZE
    render.film_transparent = True
    render.filepath = str(tmp_path / "render.png")
    from era3d_blender.cli import _even_light

    empty_scene.world = _even_light()
    bpy.ops.render.render(write_still=True)
    rendered = pixels(bpy.data.images.load(render.filepath))
    expected = glyph.view(0)[0]
    covered, wanted = rendered[..., 3] > 0.5, expected[..., 3] > 0
    assert overlap(covered, wanted) > 0.98
    assert overlap(covered[:, ::-1], wanted) < 0.7
    # Texture the right way up and in the right colour space: the front's red, evenly lit.
    inner = covered & wanted
    median = np.median(rendered[..., :3][inner], axis=0) * 255
    np.testing.assert_allclose(median, glyph.COLOURS[0], atol=18)  # a rough sheen lies over it


def test_material_mesh_and_colour_spaces(imported):
    mesh = imported.mesh.data
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    assert not mesh.validate(verbose=False)
    nodes = mesh.materials[0].node_tree.nodes
    surface = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    assert surface.inputs["Metallic"].default_value == 0
    assert surface.inputs["Roughness"].default_value == 1
    texture = surface.inputs["Base Color"].links[0].from_node.image
    assert texture.colorspace_settings.name == "sRGB"
    for camera in imported.cameras.values():
        color, normal = camera.data.background_images
        assert color.image.colorspace_settings.name == "sRGB"
        assert normal.image.colorspace_settings.is_data
        assert (color.show_background_image, normal.show_background_image) == (True, False)
        assert (color.alpha, color.display_depth, color.frame_method) == (1.0, "BACK", "FIT")
        assert camera.data.show_background_images


def test_the_blend_stands_alone(imported, job, tmp_path):
    import shutil

    blend = tmp_path / "alone.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    shutil.rmtree(job)
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    images = [image for image in bpy.data.images if "letter" in image.name]
    assert len(images) == 13
    for image in images:
        assert image.packed_file
        assert pixels(image).any()
    camera = bpy.data.objects["letter right"]
    bpy.data.objects["letter root"].scale = (2, 2, 2)
    bpy.context.view_layer.update()
    assert camera.data.ortho_scale == pytest.approx(2.0)


@pytest.mark.parametrize("resolution", [(1920, 1080), (1080, 1920), (700, 700)])
def test_picture_and_scene_stay_together_in_any_frame(empty_scene, job, resolution):
    """The picture is fitted into the frame, so it must span one unit there as in the camera."""
    from era3d_blender.scene.importing import import_job

    empty_scene.render.resolution_x, empty_scene.render.resolution_y = resolution
    camera = import_job(job, empty_scene).cameras["front"]
    bpy.context.view_layer.update()
    corners = np.array(camera.data.view_frame(scene=empty_scene))
    frame = corners.max(axis=0)[:2] - corners.min(axis=0)[:2]
    assert frame.min() == pytest.approx(1.0)  # FIT: the square fills the shorter side


@pytest.mark.parametrize("photo", [(400, 300), (300, 400)])
@pytest.mark.parametrize("resolution", [(1920, 1080), (1080, 1920), (700, 700)])
def test_reference_camera_and_photo_stay_together_in_any_frame(
    empty_scene, tmp_path, photo, resolution
):
    """A point that lies on the photo's right edge and upper edge does so in any render frame."""
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    from era3d_blender.scene.importing import import_job

    pose = glyph.matrix_world(0)
    reference = {
        "type": "PERSP",
        "lens_mm": 50,
        "sensor_mm": 32,
        "matrix_world": pose.tolist(),
        "resolution": list(photo),
        "shift": [0.1, -0.05],
        "image": "input.png",
    }
    job = glyph.write_job(tmp_path / "photo", reference)
    empty_scene.render.resolution_x, empty_scene.render.resolution_y = resolution
    made = import_job(job, empty_scene)
    bpy.context.view_layer.update()
    camera = made.cameras["reference"]
    assert camera.data.background_images[0].image.name == "photo input"
    half = np.array(photo) / max(photo) / 2 + np.array([0.1, -0.05])  # in longer sides
    depth = 2.0
    edge = half * 32 / 50 * depth  # camera frame, of the photo's upper right corner
    world = camera.matrix_world @ Vector((*edge, -depth))
    x, y, _ = world_to_camera_view(empty_scene, camera, world)
    frame = np.array(resolution) / max(resolution)
    shown = np.array(photo) * min(frame / np.array(photo)) / frame  # FIT
    assert (x, y) == pytest.approx(tuple(0.5 + shown / 2), abs=1e-4)


def test_a_broken_job_leaves_nothing_behind(empty_scene, job):
    from era3d_blender.scene.folder import JobFolderError
    from era3d_blender.scene.importing import import_job

    (job / "views/normal_left.png").write_text("this is no picture")
    before = counts()
    with pytest.raises(JobFolderError, match=r"normal_left\.png is not a picture"):
        import_job(job, empty_scene)
    assert counts() == before
    (job / "mesh.glb").write_bytes(b"glTF")
    with pytest.raises(JobFolderError, match=r"mesh\.glb"):
        import_job(job, empty_scene)
    assert counts() == before


def test_painted_views_go_back_into_the_job(imported, job):
    from era3d_blender.scene.exchange import exchange
    from era3d_blender.scene.views import view_images

    images = view_images(imported.root)
    assert len(images) == 12
    assert exchange(images, job) == []  # nothing painted, nothing written
    front = imported.cameras["front"].data.background_images[0].image
    values = np.array(front.pixels[:], np.float32).reshape(-1, 4)
    values[:, :3] = (0, 1, 0)
    front.pixels.foreach_set(values.ravel())
    front.update()
    assert exchange(images, job) == ["views/color_front.png"]
    again = pixels(bpy.data.images.load(str(job / "views/color_front.png")))
    np.testing.assert_allclose(again[..., 1], 1)
    np.testing.assert_allclose(again[..., 3], glyph.view(0)[0][..., 3] / 255)


def test_an_update_keeps_what_is_the_artists(imported, job, empty_scene):
    from era3d_blender.scene.importing import update_job

    thing, root = imported.mesh, imported.root
    thing.name, root.location.x, thing.rotation_euler.z = "my letter", 5, 0.4
    thing.modifiers.new("Subdivision", "SUBSURF")
    child = bpy.data.objects.new("hat", None)
    imported.collection.objects.link(child)
    child.parent = thing
    tree = thing.data.materials[0].node_tree
    surface = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Roughness"].default_value = 0.25
    mix = tree.nodes.new("ShaderNodeHueSaturation")
    tree.links.new(tree.nodes["Era3D texture"].outputs["Color"], mix.inputs["Color"])
    tree.links.new(mix.outputs["Color"], surface.inputs["Base Color"])
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    before = {thing.as_pointer() for thing in bpy.data.objects}
    assert update_job(root, empty_scene)
    assert {thing.as_pointer() for thing in bpy.data.objects} == before
    assert (thing.name, root.location.x) == ("my letter", 5)
    assert thing.rotation_euler.z == pytest.approx(0.4)
    assert thing.modifiers[0].type == "SUBSURF"
    assert child.parent == thing
    assert [material.node_tree for material in thing.data.materials] == [tree]
    assert surface.inputs["Roughness"].default_value == 0.25
    assert surface.inputs["Base Color"].links[0].from_node == mix
    node = tree.nodes["Era3D texture"]
    assert node.outputs["Color"].links[0].to_node == mix
    assert not pixels(node.image)[0, 0, :3].any()  # black is above now
    assert not update_job(root, empty_scene)  # the folder holds nothing new
    assert len(root.era3d.versions) == 2


def test_views_alone_come_as_cameras_and_the_mesh_follows(empty_scene, job):
    from era3d_blender.scene.importing import import_job, update_job

    glb = (job / "mesh.glb").read_bytes()
    (job / "mesh.glb").unlink()
    made = import_job(job, empty_scene)
    assert made.mesh is None
    assert len(made.cameras) == 6
    assert made.root.location.z == pytest.approx(0.5)  # the whole box stands on the ground
    (job / "mesh.glb").write_bytes(glb)
    assert update_job(made.root, empty_scene)
    bpy.context.view_layer.update()
    (mesh,) = (child for child in made.root.children if child.type == "MESH")
    assert world_triangles(mesh)[..., 2].min() == pytest.approx(0, abs=1e-6)


def test_one_metre_in_a_scene_of_centimetres(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    empty_scene.unit_settings.system = "METRIC"
    empty_scene.unit_settings.scale_length = 0.01
    made = import_job(job, empty_scene)
    bpy.context.view_layer.update()
    triangles = world_triangles(made.mesh)
    assert np.ptp(triangles[..., 2]) == pytest.approx(75)  # 0.75 of a metre
    assert triangles[..., 2].min() == pytest.approx(0, abs=1e-4)
    camera = made.cameras["right"]
    data = camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    assert data.ortho_scale == pytest.approx(100)
    distance = camera.matrix_world.translation.x
    assert data.clip_start < distance - 50
    assert distance + 50 < data.clip_end
    alpha = pixels(camera.data.background_images[0].image)[..., 3] > 0.5
    assert overlap(seen_through(camera, made.mesh), alpha) > 0.99


def test_names_of_any_script_and_with_quotes(empty_scene, tmp_path):
    from era3d_blender.scene.importing import import_job, update_job

    job = glyph.write_job(tmp_path / '小猫 "Mimi" d\'or')
    made = import_job(job, empty_scene)
    made.root.scale = (2, 2, 2)
    bpy.context.view_layer.update()
    assert made.mesh.name == '小猫 "Mimi" d\'or'
    camera = made.cameras["left"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert camera.data.ortho_scale == pytest.approx(2)
    assert not update_job(made.root, empty_scene)


def test_linked_and_overridden_objects_are_not_replaced(imported, job, tmp_path, empty_scene):
    from era3d_blender.scene.folder import JobFolderError
    from era3d_blender.scene.importing import update_job

    blend = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(blend), link=True) as (there, here):
        here.collections = [name for name in there.collections if name == "letter"]
    scene = bpy.context.scene
    scene.collection.children.link(here.collections[0])
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    linked = bpy.data.objects["letter root"]
    with pytest.raises(JobFolderError, match=r"is linked from library\.blend: make it local"):
        update_job(linked, scene)
    made = here.collections[0].override_hierarchy_create(scene, bpy.context.view_layer)
    overridden = next(thing for thing in made.all_objects if thing.name.endswith("root"))
    with pytest.raises(JobFolderError, match="is a library override: make it local"):
        update_job(overridden, scene)


def test_vertex_colours_in_place_of_a_texture(empty_scene, job):
    from era3d_blender.scene.importing import import_job, update_job

    request = json.loads((job / "request.json").read_text())
    textured = (job / "mesh.glb").read_bytes()
    (job / "request.json").write_text(json.dumps(request | {"texture": "vertex"}))
    (job / "mesh.glb").write_bytes(glyph.colored_glb())
    (job / "texture.png").rename(job / "kept.png")
    made = import_job(job, empty_scene)
    mesh = made.mesh.data
    colors = np.empty(4 * len(mesh.vertices), np.float32)
    mesh.color_attributes["Color"].data.foreach_get("color", colors)
    height = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", height)
    np.testing.assert_allclose(colors[0::4], height[2::3] + 0.5, atol=1e-6)  # as written: linear
    surface = next(n for n in mesh.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    assert surface.inputs["Base Color"].links[0].from_node.type == "VERTEX_COLOR"
    # A texture takes the place of the colours, and the link to the surface, when there is one.
    (job / "request.json").write_text(json.dumps(request))
    (job / "mesh.glb").write_bytes(textured)
    (job / "kept.png").rename(job / "texture.png")
    assert update_job(made.root, empty_scene)
    node = surface.inputs["Base Color"].links[0].from_node
    assert (node.type, node.image.get("era3d_file")) == ("TEX_IMAGE", "texture.png")


def test_a_normal_map_is_data_and_comes_and_goes_with_the_version(empty_scene, job):
    from era3d_blender.scene.importing import import_job, update_job
    from era3d_blender.scene.versions import show_version

    (job / "normal_map.png").write_bytes(glyph.png(np.full((8, 8, 3), (128, 128, 255), np.uint8)))
    made = import_job(job, empty_scene)
    tree = made.mesh.data.materials[0].node_tree
    surface = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    bump = surface.inputs["Normal"].links[0].from_node
    assert (bump.type, bump.space) == ("NORMAL_MAP", "TANGENT")
    assert bump.inputs["Color"].links[0].from_node.image.colorspace_settings.is_data
    (job / "normal_map.png").unlink()
    assert update_job(made.root, empty_scene)
    assert not surface.inputs["Normal"].is_linked
    show_version(made.root, 0)
    assert surface.inputs["Normal"].is_linked


def test_two_imports_do_not_share_data(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    first, second = import_job(job, empty_scene), import_job(job, empty_scene)
    assert first.mesh.data != second.mesh.data
    assert first.root["era3d_job"] == second.root["era3d_job"]


def test_an_import_is_quick(empty_scene, job):
    from era3d_blender.scene.importing import import_job

    start = time.process_time()
    import_job(job, empty_scene)
    assert time.process_time() - start < 1.0


def test_fifty_thousand_faces_and_a_large_texture_are_quick(empty_scene, tmp_path):
    from benchmarks.importing import ball
    from era3d_blender.scene.importing import import_job

    job = ball(tmp_path / "ball", faces=50_000, texture=2048)
    start = time.process_time()
    made = import_job(job, empty_scene)
    assert time.process_time() - start < 1.5
    assert len(made.mesh.data.polygons) > 49_000
