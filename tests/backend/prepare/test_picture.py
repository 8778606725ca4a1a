# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as people have them, and files that are none."""

import numpy as np
import pytest
from PIL import ExifTags, Image

from era3d.errors import InputError
from era3d.prepare import read_picture
from era3d.prepare.picture import lens_of


@pytest.fixture
def colors():
    rng = np.random.default_rng(0)
    return np.kron(rng.integers(0, 256, (6, 4, 3)), np.ones((16, 16, 1))).astype(np.uint8)


def mean_error(image: Image.Image, expected: np.ndarray) -> float:
    return np.abs(np.asarray(image)[..., :3].astype(float) - expected).mean()


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
def test_formats(tmp_path, colors, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(colors).save(path, quality=95)
    image = read_picture(path)
    assert image.mode == "RGB"
    assert mean_error(image, colors) < 8


def test_exif_orientation_is_applied(tmp_path, colors):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    Image.fromarray(np.rot90(colors)).save(tmp_path / "turned.png", exif=exif)
    assert mean_error(read_picture(tmp_path / "turned.png"), colors) < 1


def test_of_the_camera_only_the_lens_is_kept(tmp_path, colors):
    notes = Image.Exif()
    notes[ExifTags.Base.Artist] = "me"
    notes.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    notes.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 50
    Image.fromarray(colors).save(tmp_path / "photo.jpg", exif=notes.tobytes())
    kept = read_picture(tmp_path / "photo.jpg")
    assert lens_of(kept) == 50
    assert ExifTags.Base.Artist not in kept.getexif()
    assert not kept.getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_cmyk_is_converted(tmp_path, colors):
    Image.fromarray(colors).convert("CMYK").save(tmp_path / "print.tif")
    assert mean_error(read_picture(tmp_path / "print.tif"), colors) < 3


def test_sixteen_bits_are_scaled(tmp_path, colors):
    grey = colors[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert mean_error(read_picture(tmp_path / "deep.png"), grey[..., None]) < 1


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA"])
def test_transparency_is_kept(tmp_path, colors, mode):
    image = Image.fromarray(colors).convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.uint8([0, 255]), (96, 32))))
    image.convert(mode).save(tmp_path / "clear.png")
    assert np.unique(np.asarray(read_picture(tmp_path / "clear.png"))[..., 3]).tolist() == [0, 255]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.png", b"dear picture", "not a picture"),
        ("empty.jpg", b"", "not a picture"),
        ("script.svg", b"<svg onload='x'/>", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_picture(tmp_path / name)


def test_a_truncated_jpeg_is_refused(tmp_path, colors):
    Image.fromarray(colors).resize((512, 512)).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged"):
        read_picture(tmp_path / "half.jpg")


def test_sizes_out_of_bounds_are_refused_before_decoding(tmp_path):
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    with pytest.raises(InputError, match="1x1"):
        read_picture(tmp_path / "dot.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    with pytest.raises(InputError, match="scale it down"):
        read_picture(tmp_path / "huge.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.png"):
        read_picture(tmp_path / "nowhere.png")
