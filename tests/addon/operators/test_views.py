# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on views, cameras and versions: what an artist presses, and undo in one step."""

from __future__ import annotations

import json

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def root(empty_scene, job):
    assert bpy.ops.era3d.import_job(directory=str(job)) == {"FINISHED"}
    return bpy.data.objects["letter root"]


def again():
    """The root after an undo, which makes all references stale."""
    return bpy.data.objects["letter root"]


def shown(view, kind="color"):
    from era3d_blender.scene.roots import camera_of
    from era3d_blender.scene.views import image_of

    return image_of(camera_of(again(), view), kind)


def paint(image, color=(0.0, 1.0, 0.0)):
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    values[:, :3] = color
    image.pixels.foreach_set(values.ravel())
    image.update()


def first_color(image):
    return tuple(np.array(image.pixels[:4]).round(2)[:3])


def test_replace_and_reset_in_one_undo_step_each(root, job, tmp_path):
    drawn = first_color(shown("left"))
    (tmp_path / "blue.png").write_bytes(glyph.png(np.full((64, 64, 3), (0, 0, 255), np.uint8)))
    bpy.ops.ed.undo_push(message="before")
    path = str(tmp_path / "blue.png")
    bpy.ops.era3d.view_replace("EXEC_DEFAULT", True, view="left", filepath=path)
    assert first_color(shown("left")) == (0, 0, 1)
    bpy.ops.ed.undo()
    assert first_color(shown("left")) == drawn
    bpy.ops.ed.redo()
    assert first_color(shown("left")) == (0, 0, 1)
    bpy.ops.era3d.view_reset("EXEC_DEFAULT", True, view="left")
    assert first_color(shown("left")) == drawn
    bpy.ops.ed.undo()
    assert first_color(shown("left")) == (0, 0, 1)


def test_save_and_reload(root, job):
    paint(shown("back"))
    assert bpy.ops.era3d.view_save(view="back") == {"FINISHED"}
    assert not shown("back").is_dirty
    (job / "views/color_back.png").write_bytes((job / "drawn/views/color_back.png").read_bytes())
    assert bpy.ops.era3d.view_reload(view="back") == {"FINISHED"}
    assert first_color(shown("back")) != (0, 1, 0)


def test_edit_externally_hands_the_painted_view_over(root, job):
    paint(shown("right", "normal"))
    assert bpy.ops.era3d.view_edit(view="right", kind="normal") == {"FINISHED"}
    image = bpy.data.images.load(str(job / "views/normal_right.png"))
    assert first_color(image) == (0, 1, 0)


@pytest.mark.parametrize(
    "name", ["view_open", "view_edit", "view_save", "view_reload", "view_reset", "view_replace"]
)
def test_a_view_whose_camera_is_gone_is_named(root, name):
    bpy.data.objects.remove(bpy.data.objects["letter back"])
    with pytest.raises(RuntimeError, match="This job has no camera back"):
        getattr(bpy.ops.era3d, name)(view="back")


def test_next_and_previous_go_round_the_object(root, empty_scene):
    bpy.ops.era3d.look_through(view="back")
    seen = []
    for _ in range(6):
        bpy.ops.era3d.look_next(step=1)
        seen.append(empty_scene.camera["era3d_view"])
    assert seen == ["left", "front_left", "front", "front_right", "right", "back"]
    bpy.ops.era3d.look_next(step=-1)
    assert empty_scene.camera["era3d_view"] == "right"


def test_pictures_of_a_kind_their_opacity_and_depth(root):
    cameras = [bpy.data.objects[f"letter {view}"] for view in glyph.AZIMUTHS]
    own = cameras[0].data.background_images.new()  # the artist's own
    own.alpha = 0.3
    root.era3d.pictures, root.era3d.opacity, root.era3d.in_front = "normal", 0.6, True
    for camera in cameras:
        color, normal = list(camera.data.background_images)[:2]
        assert (color.show_background_image, normal.show_background_image) == (False, True)
        assert normal.alpha == pytest.approx(0.6)
        assert normal.display_depth == "FRONT"
    assert own.alpha == pytest.approx(0.3)
    root.era3d.pictures = "none"
    shown = [b.show_background_image for c in cameras for b in list(c.data.background_images)[:2]]
    assert not any(shown)


def test_cameras_on_six_frames(root, empty_scene):
    empty_scene.frame_start = 11
    mine = empty_scene.timeline_markers.new("mine", frame=12)
    for _ in range(2):  # a second time leaves no doubles
        assert bpy.ops.era3d.bind_cameras() == {"FINISHED"}
    bound = {m.frame: m.camera["era3d_view"] for m in empty_scene.timeline_markers if m.camera}
    assert bound == dict(
        enumerate(("front", "front_right", "right", "back", "left", "front_left"), start=11)
    )
    assert mine.name in empty_scene.timeline_markers
    empty_scene.frame_set(14)
    assert empty_scene.camera["era3d_view"] == "back"


def test_versions_by_operator_in_one_undo_step(root, job):
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    bpy.ops.era3d.update_job(root=root.name)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.era3d.version_show("EXEC_DEFAULT", True, index=0)
    assert again().era3d.version == 0
    bpy.ops.ed.undo()
    assert again().era3d.version == 1
    bpy.ops.era3d.versions_remove("EXEC_DEFAULT", True)
    assert len(again().era3d.versions) == 1
    bpy.ops.ed.undo()
    assert len(again().era3d.versions) == 2
    assert again().era3d.versions[0].mesh.polygons
    with pytest.raises(RuntimeError, match="There is no version at 7"):
        bpy.ops.era3d.version_show(index=7)


def test_an_update_is_one_undo_step(root, job):
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    old = bpy.data.objects["letter"].data.name
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.era3d.update_job("EXEC_DEFAULT", True, root=root.name)
    assert bpy.data.objects["letter"].data.name != old
    bpy.ops.ed.undo()
    assert bpy.data.objects["letter"].data.name == old
    assert len(again().era3d.versions) == 1


@pytest.fixture
def candidate(job, tmp_path):
    """A job of the same picture with another seed, whose front is green."""
    folder = glyph.write_job(tmp_path / "other seed")
    request = json.loads((folder / "request.json").read_text())
    (folder / "request.json").write_text(json.dumps(request | {"seed": 42}))
    image = glyph.view(0)[0]
    image[..., :3] = (0, 255, 0)
    (folder / "views/color_front.png").write_bytes(glyph.png(image))
    (folder / "mesh.glb").unlink()
    return folder


def test_a_candidate_is_used_and_undone_in_one_step(root, candidate, job):
    drawn = first_color(shown("front"))
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.era3d.candidate_use("EXEC_DEFAULT", True, directory=str(candidate))
    assert (again()["era3d_job"], again()["era3d_seed"]) == (str(candidate), "42")
    assert first_color(shown("front")) == (0, 1, 0)
    bpy.ops.ed.undo()
    assert (again()["era3d_job"], again()["era3d_seed"]) == (str(job), "7")
    assert first_color(shown("front")) == drawn


def test_an_earlier_seeds_version_brings_its_views_back(root, candidate, job):
    drawn = first_color(shown("front"))
    bpy.ops.era3d.candidate_use(directory=str(candidate))
    (candidate / "mesh.glb").write_bytes(glyph.letter_glb())
    (candidate / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    bpy.ops.era3d.update_job(root=root.name)
    assert [version.seed for version in root.era3d.versions] == ["7", "42"]
    bpy.ops.era3d.version_show(index=0)
    assert root["era3d_job"] == str(job)
    assert first_color(shown("front")) == drawn


def test_a_candidate_that_is_gone_changes_nothing(root, tmp_path, job):
    with pytest.raises(RuntimeError, match="There is no job folder"):
        bpy.ops.era3d.candidate_use(directory=str(tmp_path / "nothing"))
    assert root["era3d_job"] == str(job)
