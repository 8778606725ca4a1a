# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture to start from, by all its ways; the cut-out before minutes are spent."""

from __future__ import annotations

import os
import types

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "小猫 'n' co.png"
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    return path


def drawn(settings):
    from era3d_blender.ui.reference import draw_reference

    notes = Notes()
    draw_reference(notes, settings, None)
    return notes


def test_a_dropped_file_is_the_picture_in_one_undo_step(empty_scene, picture):
    handler = bpy.types.ERA3D_FH_picture
    assert ".png" in handler.bl_file_extensions
    assert handler.bl_import_operator == "era3d.choose_picture"
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.era3d.choose_picture("INVOKE_DEFAULT", True, filepath=str(picture))
    assert bpy.context.scene.era3d.picture.name == picture.name
    bpy.ops.ed.undo()
    assert bpy.context.scene.era3d.picture is None


@pytest.mark.parametrize(
    ("space", "mode", "perspective", "takes"),
    [
        ("VIEW_3D", "OBJECT", "PERSP", True),
        ("VIEW_3D", "OBJECT", "CAMERA", False),
        ("VIEW_3D", "PAINT_TEXTURE", "PERSP", False),
        ("IMAGE_EDITOR", "OBJECT", "PERSP", False),
    ],
)
def test_where_a_file_can_be_dropped(registered, space, mode, perspective, takes):
    region = types.SimpleNamespace(view_perspective=perspective)
    space_data = types.SimpleNamespace(type=space, region_3d=region)
    context = types.SimpleNamespace(space_data=space_data, mode=mode)
    assert bpy.types.ERA3D_FH_picture.poll_drop(context) is takes


def test_a_movie_and_a_broken_file_are_named_and_leave_nothing(empty_scene, tmp_path):
    (tmp_path / "text.png").write_text("this is no picture")
    for name in ("text.png", "nothing.png"):
        with pytest.raises(RuntimeError, match=r"cannot be read|no picture at"):
            bpy.ops.era3d.choose_picture(filepath=str(tmp_path / name))
    assert not bpy.data.images
    image = bpy.data.images.new("clip", 8, 8)
    image.source = "MOVIE"
    empty_scene.era3d.picture = image  # by the list of images
    words = " ".join(o["text"] for n, _, o in drawn(empty_scene.era3d).notes if n == "label")
    assert "clip is a movie" in words


def test_the_last_render(empty_scene, job):
    with pytest.raises(RuntimeError, match="Nothing has been rendered yet"):
        bpy.ops.era3d.picture_from_render()
    bpy.ops.era3d.import_job(directory=str(job))
    render = empty_scene.render
    render.engine, empty_scene.cycles.samples = "CYCLES", 1
    render.resolution_x, render.resolution_y, render.film_transparent = 64, 48, True
    render.image_settings.file_format = "JPEG"
    bpy.ops.render.render()
    assert bpy.ops.era3d.picture_from_render() == {"FINISHED"}
    image = empty_scene.era3d.picture
    assert tuple(image.size) == (64, 48)
    assert image.packed_file
    alpha = np.array(image.pixels[:], np.float32)[3::4]
    assert alpha.min() == 0  # the transparent film has come along
    assert alpha.max() == 1
    assert render.image_settings.file_format == "JPEG"  # as the artist had it


def test_the_text_of_a_clipboard_as_file_managers_write_it(picture, tmp_path):
    from era3d_blender.operators.choose_picture import path_in

    assert path_in(str(picture)) == picture
    assert path_in(f'"{picture}"\n') == picture
    assert path_in(picture.as_uri() + "\r\nfile:///other.png") == picture
    for text in ("", "hello", "file:///nothing.png", "cat.png", "a\0b", str(tmp_path)):
        assert path_in(text) is None


def test_an_empty_clipboard_is_told(empty_scene):
    with pytest.raises(RuntimeError, match="The clipboard holds no picture"):
        bpy.ops.era3d.picture_from_clipboard()


def real_backend():
    if not os.environ.get("ERA3D_PYTHON"):
        pytest.skip("ERA3D_PYTHON names no backend environment")


def test_the_cut_out_is_what_the_model_will_see(empty_scene, tmp_path):
    """With the real backend: margin, warnings, a repainted mask, and no job left in the panel."""
    real_backend()
    from era3d_blender import cutout, jobs

    photo = np.full((400, 320, 3), 235, np.uint8)
    photo[120:200, 0:70] = (200, 60, 40)  # at the border, and small
    (tmp_path / "photo.png").write_bytes(glyph.png(photo))
    bpy.ops.era3d.choose_picture(filepath=str(tmp_path / "photo.png"))
    settings = empty_scene.era3d
    assert not bpy.ops.era3d.mask_paint.poll()
    settings.crop_size = 300
    assert bpy.ops.era3d.cut_out() == {"FINISHED"}
    shown = cutout.of_picture(settings)
    assert jobs.current is None
    warnings = " ".join(shown.warnings)
    assert "only 70x80 pixels" in warnings
    assert "touches the picture's border (left)" in warnings
    assert "border (left)" in " ".join(drawn(settings).texts())
    rows = np.flatnonzero(alpha_of(shown.folder / "subject.png").any(axis=1))
    assert np.ptp(rows) + 1 == pytest.approx(300, abs=2)
    # Repainted: the lower half is taken away.
    assert bpy.ops.era3d.mask_paint() == {"FINISHED"}
    mask = settings.mask
    assert tuple(mask.size) == (320, 400)
    values = np.array(mask.pixels[:], np.float32).reshape(400, 320, 4)
    values[:240, :, 3] = 0  # row 0 is at the bottom
    mask.pixels.foreach_set(values.ravel())
    mask.update()
    assert bpy.ops.era3d.cut_out() == {"FINISHED"}
    again = alpha_of(cutout.of_picture(settings).folder / "alpha.png", channel=0)
    assert again[125:155, 5:60].min() > 0.9
    assert again[161:].max() == 0


def alpha_of(path, channel=3):
    image = bpy.data.images.load(str(path), check_existing=False)
    values = np.array(image.pixels[:], np.float32).reshape(image.size[1], image.size[0], -1)
    bpy.data.images.remove(image)
    return values[::-1, :, channel]


def test_a_cut_out_is_of_one_picture_and_no_file_or_undo_reaches_it(empty_scene, tmp_path, picture):
    from era3d_blender import cutout

    bpy.ops.era3d.choose_picture(filepath=str(picture))
    settings = bpy.context.scene.era3d
    folder = glyph.write_job(tmp_path / "prepared")
    cutout.take(folder, cutout.asked_of(settings), ["A warning that is drawn"])
    try:
        assert "Preview Cut-out" in drawn(settings).texts()
        settings.crop_size = 300
        assert "Update Cut-out" in drawn(settings).texts()  # of another margin
        assert "A warning that is drawn" in drawn(settings).texts()
        settings.picture = bpy.data.images.new("another", 8, 8)
        assert cutout.of_picture(settings) is None
    finally:
        cutout.current = None
