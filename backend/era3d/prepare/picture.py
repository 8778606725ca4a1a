# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading any ordinary picture file as upright 8-bit sRGB."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from era3d.errors import InputError

# Exif 2.3: the pointer to the camera's entries, and the lens as a 35 mm camera would need it.
_CAMERA, _LENS = ExifTags.IFD.Exif, ExifTags.Base.FocalLengthIn35mmFilm
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
SMALLEST_SIDE = 32
LARGEST_MEGAPIXELS = 100


def read_picture(path: str | Path) -> Image.Image:
    """Read a picture of any common format, colour mode, depth and orientation.

    Parameters
    ----------
    path : path
        PNG, JPEG, WebP, TIFF, BMP or GIF (its first frame).

    Returns
    -------
    PIL.Image.Image
        Mode RGBA if the file tells transparency, else RGB; sRGB, upright. Of what the file tells
        of its camera only the lens is kept: place and owner are nobody's business.

    Raises
    ------
    InputError
        If the file is missing, no picture, broken, too small or too large.
    """
    path = Path(path)
    try:
        # We bound the size ourselves, before anything is decoded.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check_size(image.size, path)
                image.load()
                lens = lens_of(image)
                return _with_lens(_to_srgb(ImageOps.exif_transpose(image)), lens)
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"There is no picture at {path}.") from None
    except Image.DecompressionBombError:
        raise InputError(_too_large(path, "far too large")) from None
    except UnidentifiedImageError:
        raise InputError(f"{path} is not a picture (PNG, JPEG, WebP, TIFF, BMP or GIF).") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} is damaged and cannot be read: {error}.") from None


def lens_of(image: Image.Image) -> int | None:
    """Focal length in millimetres on 35 mm film, where the picture tells it."""
    lens = image.getexif().get_ifd(_CAMERA).get(_LENS)
    return int(lens) if lens else None


def _with_lens(image: Image.Image, lens: int | None) -> Image.Image:
    """The picture with the lens as its only note."""
    image.info.clear()
    if lens is not None:
        notes = Image.Exif()
        notes.get_ifd(_CAMERA)[_LENS] = lens
        image.info["exif"] = notes.tobytes()
    return image


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if min(size) < SMALLEST_SIDE:
        raise InputError(
            f"{path} is {width}x{height} pixels; the shorter side must be {SMALLEST_SIDE} or more."
        )
    if width * height > LARGEST_MEGAPIXELS * 1_000_000:
        raise InputError(_too_large(path, f"{width}x{height} pixels"))


def _too_large(path: Path, size: str) -> str:
    return f"{path} is {size}; scale it down to {LARGEST_MEGAPIXELS} megapixels or less."


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert any mode to 8-bit RGB or RGBA."""
    transparent = image.has_transparency_data
    if image.mode.startswith("I;16"):
        # Pillow would clip 16-bit greys instead of scaling them.
        image = Image.fromarray((np.asarray(image).astype(np.uint32) // 257).astype(np.uint8), "L")
    elif image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        scale = 255.0 / (65535.0 if values.max() > 255 else max(values.max(), 1e-9))
        image = Image.fromarray((values * scale).clip(0, 255).astype(np.uint8), "L")
    elif image.mode in ("RGB", "CMYK") and image.info.get("icc_profile"):
        image = _apply_profile(image)
    return image.convert("RGBA" if transparent else "RGB")


def _apply_profile(image: Image.Image) -> Image.Image:
    """Convert by the embedded colour profile; a broken profile counts as none."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image
