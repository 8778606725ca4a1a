# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any image of Blender as a file for the backend, and those that cannot be one."""

from __future__ import annotations

import struct

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


def size_of(png):
    return struct.unpack(">II", png.read_bytes()[16:24])


def read(path):
    image = bpy.data.images.load(str(path), check_existing=False)
    values = np.array(image.pixels[:], np.float32).reshape(image.size[1], image.size[0], -1)
    bpy.data.images.remove(image)
    return values


def test_a_plain_file_is_handed_over_itself(empty_scene, tmp_path):
    from era3d_blender.scene.pictures import picture_file

    path = tmp_path / "小猫 'n' \"co\".png"
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    image = bpy.data.images.load(str(path))
    assert picture_file(image, tmp_path / "job") == path


def test_light_of_a_float_exr_becomes_srgb_cut_off_at_white(empty_scene, tmp_path):
    from era3d_blender.scene.pictures import picture_file, problem_of

    made = bpy.data.images.new("made", 8, 4, alpha=True, float_buffer=True)
    values = np.zeros((4, 8, 4), np.float32) + np.float32([0.1070, 7.5, 0.0, 0.5])  # premultiplied
    made.pixels.foreach_set(values.ravel())
    output = empty_scene.render.image_settings
    if bpy.app.version >= (5, 0, 0):
        output.media_type = "IMAGE"
    output.file_format, output.color_mode, output.color_depth = "OPEN_EXR", "RGBA", "32"
    made.save_render(str(tmp_path / "light.exr"), scene=empty_scene)
    image = bpy.data.images.load(str(tmp_path / "light.exr"))
    assert image.is_float
    assert problem_of(image) == ""
    (tmp_path / "job").mkdir()
    file = picture_file(image, tmp_path / "job")
    assert file == tmp_path / "job/picture.png"
    np.testing.assert_allclose(read(file)[0, 0], [0.5, 1.0, 0.0, 0.5], atol=0.01)


def test_a_picture_of_16k_is_scaled_down(empty_scene, tmp_path):
    from era3d_blender.scene.pictures import LARGEST_SIDE, picture_file

    rows = np.zeros((64, 16384, 3), np.uint8)
    rows[:, 8192:] = (0, 200, 0)
    path = tmp_path / "wide.png"
    path.write_bytes(glyph.png(rows))
    image = bpy.data.images.load(str(path))
    (tmp_path / "job").mkdir()
    file = picture_file(image, tmp_path / "job")
    assert size_of(file) == (LARGEST_SIDE, 16)
    assert tuple(image.size) == (16384, 64)  # the image itself has not noticed
    values = read(file)
    np.testing.assert_allclose(values[8, LARGEST_SIDE // 4, :3], 0, atol=0.01)
    np.testing.assert_allclose(values[8, -LARGEST_SIDE // 4, 1], 200 / 255, atol=0.01)


def test_movies_tiles_and_sequences_are_named(empty_scene, tmp_path):
    from era3d_blender.scene.folder import JobFolderError
    from era3d_blender.scene.pictures import picture_file

    image = bpy.data.images.new("clip", 8, 8)
    for source, words in (
        ("MOVIE", "clip is a movie: save one of its frames"),
        ("SEQUENCE", "clip is a sequence: save one of its frames"),
        ("TILED", "clip has UDIM tiles: choose a picture in one piece"),
    ):
        image.source = source
        with pytest.raises(JobFolderError, match=words):
            picture_file(image, tmp_path)
    bpy.data.images.remove(image)
    gone = bpy.data.images.new("gone", 8, 8)
    gone.source, gone.filepath = "FILE", str(tmp_path / "nothing.png")
    with pytest.raises(JobFolderError, match="gone cannot be read"):
        picture_file(gone, tmp_path)


def test_a_mask_by_alpha_or_by_brightness(empty_scene, tmp_path):
    from era3d_blender.scene.mask import write_mask

    values = np.ones((4, 8, 4), np.float32)
    values[:, 4:, 3], values[:2, :, :3] = 0, 0
    image = bpy.data.images.new("mask", 8, 4, alpha=True)
    image.pixels.foreach_set(values.ravel())
    write_mask(image, tmp_path / "alpha.png")
    np.testing.assert_allclose(read(tmp_path / "alpha.png")[..., 0], values[..., 3])
    values[..., 3] = 1
    image.pixels.foreach_set(values.ravel())
    write_mask(image, tmp_path / "grey.png")
    np.testing.assert_allclose(read(tmp_path / "grey.png")[..., 0], values[..., 0])


def test_the_cut_out_to_paint_on_is_the_photo_with_the_found_alpha(empty_scene, tmp_path):
    from era3d_blender.scene.mask import paintable_mask, write_mask

    photo, alpha = glyph.view(0)[0][..., :3].copy(), glyph.view(0)[0][..., 3]
    (tmp_path / "input.png").write_bytes(glyph.png(photo))
    (tmp_path / "alpha.png").write_bytes(glyph.png(np.repeat(alpha[..., None], 3, axis=-1)))
    before = len(bpy.data.images)
    mask = paintable_mask(tmp_path, "letter mask")
    assert len(bpy.data.images) == before + 1
    values = np.array(mask.pixels[:], np.float32).reshape(glyph.SIZE, glyph.SIZE, 4)[::-1]
    np.testing.assert_allclose(values[..., :3] * 255, photo, atol=1)  # under what is cut away too
    np.testing.assert_allclose(values[..., 3] * 255, alpha, atol=1)
    write_mask(mask, tmp_path / "mask.png")
    np.testing.assert_allclose(read(tmp_path / "mask.png")[::-1, :, 0] * 255, alpha, atol=1)
