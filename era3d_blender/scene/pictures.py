# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job pictures as packed images that know their file, and any image as a file for the backend."""

from __future__ import annotations

import hashlib
from pathlib import Path

import bpy
import numpy as np

from .folder import Job, JobFolderError
from .roots import COLOR, NORMAL

FILE_KEY = "era3d_file"  # custom property: the picture's name inside its job folder
KIND_KEY = "era3d_kind"  # custom property: color, normal or photo
DIGEST_KEY = "era3d_digest"  # custom property: the file that the image was last equal to
EDITED_KEY = "era3d_edited"  # custom property: no longer what the model drew
# Larger pictures are scaled down: the backend refuses more than 100 megapixels, and sees 512.
LARGEST_SIDE = 4096


def load_picture(job: Job, path: Path, kind: str = COLOR) -> bpy.types.Image:
    """Load and pack one picture of a job.

    Parameters
    ----------
    job : Job
    path : Path
        A file inside the job folder.
    kind : str
        The numbers of ``normal`` are no colours: they get no colour space.

    Raises
    ------
    JobFolderError
        When Blender cannot decode it.
    """
    image = load_file(path)
    image.name = f"{job.path.name} {path.stem}"
    image.colorspace_settings.name = "Non-Color" if kind == NORMAL else "sRGB"
    image[FILE_KEY] = path.relative_to(job.path).as_posix()
    image[KIND_KEY] = kind
    _make_relative(image)
    image.pack()
    image[DIGEST_KEY] = digest(bytes(image.packed_file.data))
    return image


def load_file(path: Path) -> bpy.types.Image:
    """Load a picture file as a new image.

    Raises
    ------
    JobFolderError
        When Blender cannot decode it.
    """
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:  # it is not there
        raise JobFolderError(f"{path.name} cannot be read") from error
    if not all(image.size):  # decodes it
        bpy.data.images.remove(image)
        raise JobFolderError(f"{path.name} is not a picture Blender can read")
    return image


def digest(contents: bytes) -> str:
    """Return what tells the contents of two files apart."""
    return hashlib.sha256(contents).hexdigest()


def encoded(image: bpy.types.Image) -> bytes:
    """Return the file contents of an image as the artist sees it; strokes are packed first."""
    if image.is_dirty:
        image.pack()
    if image.packed_file:
        return bytes(image.packed_file.data)
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    return path.read_bytes() if path.is_file() else b""


def replace_contents(image: bpy.types.Image, contents: bytes) -> None:
    """Give a packed image the contents of another file."""
    image.pack(data=contents, data_len=len(contents))
    image.reload()
    image[DIGEST_KEY] = digest(contents)


def pixels(image: bpy.types.Image) -> np.ndarray:
    """Return an image's pixels as (height, width, 4) float32, row 0 at the bottom."""
    width, height = image.size
    values = np.empty(image.channels * width * height, np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, image.channels)
    if image.channels == 4:
        return values
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = values[..., :3] if image.channels == 3 else values[..., :1]
    return rgba


def same_pixels(image: bpy.types.Image, contents: bytes) -> bool:
    """Tell whether an image shows just what a file holds, although their bytes differ."""
    other = bpy.data.images.new(image.name, 1, 1)
    try:
        other.source = "FILE"
        other.pack(data=contents, data_len=len(contents))
        other.colorspace_settings.name = image.colorspace_settings.name
        same_size = tuple(other.size) == tuple(image.size)
        return same_size and bool(np.array_equal(pixels(other), pixels(image)))
    finally:
        bpy.data.images.remove(other)


def problem_of(image: bpy.types.Image) -> str:
    """Return why an image cannot be the picture of a job, or nothing."""
    if image.source == "MOVIE":
        return f"{image.name} is a movie: save one of its frames as a picture"
    if image.source == "TILED":
        return f"{image.name} has UDIM tiles: choose a picture in one piece"
    if image.source == "SEQUENCE":
        return f"{image.name} is a sequence: save one of its frames as a picture"
    if image.type == "RENDER_RESULT":
        return "" if image.has_data else "Nothing has been rendered yet"
    if not all(image.size):
        return f"{image.name} cannot be read: its file is gone or no picture"
    return ""


def picture_file(image: bpy.types.Image, folder: Path) -> Path:
    """Return a file that the backend can read with what an image shows now.

    The image's own file where it has one, or a copy made in a folder: of packed and painted images,
    of pictures in linear light, and of those that are too large.

    Raises
    ------
    JobFolderError
        When the image is no still picture.
    """
    problem = problem_of(image)
    if problem:
        raise JobFolderError(problem)
    own = Path(bpy.path.abspath(image.filepath, library=image.library))
    plain = not image.is_float and max(image.size) <= LARGEST_SIDE and not image.is_dirty
    if plain and image.source == "FILE" and not image.packed_file and own.is_file():
        return own
    copy = folder / "picture.png"
    if plain and image.packed_file and image.file_format == "PNG":
        copy.write_bytes(image.packed_file.data)
        return copy
    save_pixels(image, copy)
    return copy


def render_as_image(scene: bpy.types.Scene) -> bpy.types.Image:
    """Return the last render as a packed image, looking as it does in the render's window.

    Raises
    ------
    JobFolderError
        When there is none.
    """
    result = bpy.data.images.get("Render Result")
    if result is None:
        raise JobFolderError("Nothing has been rendered yet")
    output = scene.render.image_settings
    names = ("file_format", "color_mode", "color_depth")
    kept = {name: getattr(output, name) for name in names}
    path = Path(bpy.app.tempdir) / "era3d_render.png"
    try:
        if bpy.app.version >= (5, 0, 0):
            kept = {"media_type": output.media_type} | kept
            output.media_type = "IMAGE"
        output.file_format, output.color_mode, output.color_depth = "PNG", "RGBA", "8"
        result.save_render(str(path), scene=scene)
    except RuntimeError as error:
        raise JobFolderError("Nothing has been rendered yet") from error
    finally:
        for name, value in kept.items():
            setattr(output, name, value)
    image = load_file(path)
    image.name = "Render"
    image.pack()
    path.unlink()
    return image


def save_pixels(image: bpy.types.Image, path: Path) -> None:
    """Write what an image shows as 8-bit PNG, scaled down if it is large; it must not notice."""
    large, shrunk = max(image.size) > LARGEST_SIDE, None
    if large and not image.is_dirty:  # a copy would lose strokes
        shrunk = image.copy()
        shrunk.scale(*(max(1, side * LARGEST_SIDE // max(image.size)) for side in image.size))
    try:
        values = pixels(shrunk or image)
    finally:
        if shrunk is not None:
            bpy.data.images.remove(shrunk)
    step = -(-max(values.shape[:2]) // LARGEST_SIDE)
    values = values[::step, ::step]
    if image.is_float:
        values = _as_png_has_it(image, values)
    write_png(path, values)


def write_png(path: Path, values: np.ndarray) -> None:
    """Write pixels (height, width, 4) float, 0..1, row 0 at the bottom, as 8-bit PNG."""
    height, width = values.shape[:2]
    copy = bpy.data.images.new(path.stem, width, height, alpha=True)
    try:
        copy.pixels.foreach_set(np.ascontiguousarray(values, np.float32).ravel())
        copy.filepath_raw, copy.file_format = str(path), "PNG"
        copy.save()
    finally:
        bpy.data.images.remove(copy)


def _as_png_has_it(image: bpy.types.Image, values: np.ndarray) -> np.ndarray:
    """Return float pixels, in linear light and multiplied by alpha, as sRGB and straight."""
    color, alpha = values[..., :3], values[..., 3:]
    if image.alpha_mode == "PREMUL":
        color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    if not image.colorspace_settings.is_data:
        color = _to_srgb(color)
    return np.concatenate([color, alpha], axis=-1)


def _to_srgb(linear: np.ndarray) -> np.ndarray:
    """Encode linear light, cut off at white (IEC 61966-2-1)."""
    clipped = np.clip(np.nan_to_num(linear), 0.0, 1.0)
    high = 1.055 * clipped ** (1 / 2.4) - 0.055
    return np.where(clipped <= 0.0031308, clipped * 12.92, high)


def _make_relative(image: bpy.types.Image) -> None:
    if not (bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths):
        return
    if Path(bpy.data.filepath).anchor == Path(image.filepath).anchor:  # one drive
        image.filepath = bpy.path.relpath(image.filepath)
