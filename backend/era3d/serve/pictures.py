# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures and views as clients send them: bounded, decoded once, kept as they are if that fits."""

import shutil
import warnings
from pathlib import Path

from PIL import Image

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.job import Job
from era3d.serve.refusal import Refusal
from era3d.serve.settings import Limits
from era3d.stages import store_views, write_cameras
from era3d.stages.files import COLOR_FILES, NORMAL_FILES
from era3d.views import load_views

_OWN_NAMES = frozenset(Path(name).name for name in (*COLOR_FILES, *NORMAL_FILES))
_OTHER_NAMINGS = ("color_{}_masked", "normals_{}_masked", "rgb_000_{}", "normals_000_{}")
VIEW_NAMES = _OWN_NAMES | {f"{name.format(view)}.png" for name in _OTHER_NAMINGS for view in VIEWS}
"""What parts with views may be called: our own names, Era3D's or Wonder3D's."""


def check_size(path: Path, megapixels: float, side: int | None = None) -> None:
    """Refuse a picture by the size that its header tells, before anything is decoded.

    Raises
    ------
    Refusal
        413; about a file that is no picture nothing is said here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                width, height = image.size
        except Image.DecompressionBombError:
            raise Refusal(413, "The picture has far too many pixels; scale it down.") from None
        except (OSError, SyntaxError, ValueError):
            return
    if side is not None and max(width, height) > side:
        raise Refusal(413, f"A view is {width}x{height} pixels; this server takes {side} or less.")
    if width * height > megapixels * 1e6:
        raise Refusal(
            413, f"The picture is {width}x{height} pixels; scale it to {megapixels:g} megapixels."
        )


def check_picture(path: Path, limits: Limits) -> None:
    """See that a file is a picture, by decoding it, and make it an ordinary PNG if it is none.

    A PNG stays as it is, so that both sides have the same bytes.

    Raises
    ------
    Refusal
        413 if it is too large, 422 if it cannot be read.
    """
    from era3d.prepare import read_picture  # draws in scipy, which the first picture may wait for

    check_size(path, limits.megapixels)
    try:
        picture = read_picture(path)
    except InputError as error:
        raise Refusal(422, str(error).replace(str(path), "The picture")) from None
    if not _is_png(path, ("RGB", "RGBA")):
        picture.save(path, "PNG")


def store_given_views(folder: Path, job: Job, limits: Limits) -> None:
    """Keep the views in a folder as the job's; the folder is used up.

    Our own complete PNGs are kept as they are, anything else is brought into that form.
    """
    names = {path.name for path in folder.iterdir()}
    for name in names:
        check_size(folder / name, limits.megapixels, limits.view_side)
    views = load_views(folder)
    if names == _OWN_NAMES and all(_is_png(folder / name, ("RGBA",)) for name in names):
        folder.rename(job.path("views"))
    else:
        store_views(job, views)
        shutil.rmtree(folder)
    write_cameras(job, None)


def check_view(path: Path, limits: Limits) -> None:
    """Refuse what cannot stand for a view.

    Raises
    ------
    Refusal
        413 if it is too large, 422 if it is no square PNG that can be decoded.
    """
    check_size(path, limits.megapixels, limits.view_side)
    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
            if image.width == image.height:
                return
    except (OSError, SyntaxError, ValueError):
        pass
    raise Refusal(422, "A view must be a square PNG, whole and undamaged.")


def _is_png(path: Path, modes: tuple[str, ...]) -> bool:
    with Image.open(path) as image:
        return image.format == "PNG" and image.mode in modes
