# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six registered pairs of colour and normal map: reading, writing, decoding."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from era3d.cameras import VIEWS, camera_axes, normals_to_maps, normals_to_world
from era3d.errors import InputError, ViewWarning

# (colour, normal) file names: ours, Era3D's, Wonder3D's.
_NAMINGS = (
    ("color_{}.png", "normal_{}.png"),
    ("color_{}_masked.png", "normals_{}_masked.png"),
    ("rgb_000_{}.png", "normals_000_{}.png"),
)
SMALLEST_SIZE, LARGEST_SIZE = 16, 4096


@dataclass(frozen=True)
class Views:
    """Six views in the order of `era3d.cameras.VIEWS`.

    Attributes
    ----------
    color : (6, S, S, 4) uint8
        sRGB colour, straight (not premultiplied) alpha.
    normal : (6, S, S, 4) uint8
        Normals of all views in the front camera's OpenGL frame, rgb = n / 2 + 1 / 2; the alpha is
        the silhouette that the mesh follows.
    """

    color: NDArray[np.uint8]
    normal: NDArray[np.uint8]

    def __post_init__(self) -> None:
        shape = (len(VIEWS), self.size, self.size, 4)
        if self.color.shape != shape or self.normal.shape != shape:
            raise ValueError(f"views must be {shape}, not {self.color.shape}, {self.normal.shape}")

    @property
    def size(self) -> int:
        """Width and height of each image in pixels."""
        return self.normal.shape[1]


def load_views(folder: str | Path) -> Views:
    """Read six views from a folder, or from the ``views`` of a job folder.

    Understands our own names, Era3D's and Wonder3D's. Pictures without alpha get one from their
    background (see `alpha_from_normals`).

    Parameters
    ----------
    folder : path

    Returns
    -------
    Views

    Raises
    ------
    InputError
        If a file is missing, unreadable or of another size than the others, naming it.
    """
    folder = Path(folder)
    if (folder / "views").is_dir():
        folder = folder / "views"
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of views.")
    naming = _naming_of(folder)
    color = [_read(folder / naming[0].format(view)) for view in VIEWS]
    normal = [_read(folder / naming[1].format(view)) for view in VIEWS]
    _check_sizes(color + normal, [folder / n.format(v) for n in naming for v in VIEWS])
    return views_from_images(np.stack(color), np.stack(normal))


def save_views(views: Views, folder: str | Path) -> list[Path]:
    """Write twelve RGBA pictures under our own names into a folder, which is made if need be."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for index, view in enumerate(VIEWS):
        for kind, images in (("color", views.color), ("normal", views.normal)):
            path = folder / f"{kind}_{view}.png"
            Image.fromarray(images[index], "RGBA").save(path, compress_level=4)
            written.append(path)
    return written


def views_from_images(color: NDArray[Any], normal: NDArray[Any]) -> Views:
    """Make views of pictures that may lack an alpha channel.

    Parameters
    ----------
    color, normal : (6, S, S, 4) uint8, or float from 0 to 1
        Pictures whose alpha is full everywhere count as having none. Pixels that are not numbers
        show nothing.

    Warns
    -----
    ViewWarning
        For views with pixels that are not numbers.
    """
    (color, color_void), (normal, normal_void) = _as_bytes(color), _as_bytes(normal)
    void = color_void | normal_void
    for view, count in zip(VIEWS, void.sum((1, 2)), strict=True):
        if count:
            message = f"The view {view} has {count} pixels that are not numbers; they are left out."
            warnings.warn(message, ViewWarning, stacklevel=2)
    bare = [k for k in range(len(VIEWS)) if (normal[k, ..., 3] == 255).all()]
    if bare:
        normal = normal.copy()
        normal[bare, ..., 3] = alpha_from_normals(normal[..., :3])[bare]
    bare = [k for k in range(len(VIEWS)) if (color[k, ..., 3] == 255).all()]
    if bare:
        color = color.copy()
        color[bare, ..., 3] = normal[bare, ..., 3]
    if void.any():
        color, normal = (np.where(void[..., None], 0, each) for each in (color, normal))
    return Views(color.astype(np.uint8), normal.astype(np.uint8))


def _as_bytes(images: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pictures (6, S, S, 4) as bytes, and which of their pixels (6, S, S) are not numbers."""
    if images.dtype == np.uint8:
        return images, np.zeros(images.shape[:3], bool)
    void = ~np.isfinite(images).all(-1)
    numbers = np.where(void[..., None], 1.0, images)
    return np.round(numbers.clip(0.0, 1.0) * 255.0).astype(np.uint8), void


def alpha_from_normals(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Tell the object from a plain background, white, black or grey, in six normal maps.

    A pixel p that mixes a share a of a normal n with the background w is p = a n + (1 - a) w. As n
    has length 1, a solves a quadratic equation. On grey, w = 0, that is a = |p|; on white or black,
    which are longer than any normal, of its two solutions the larger counts whose normal faces the
    camera. The border of each map tells its background, which need not be pure.

    Parameters
    ----------
    rgb : (6, S, S, 3) uint8
        In the order of `era3d.cameras.VIEWS`.

    Returns
    -------
    (6, S, S) uint8
    """
    shares = [
        _share_of_object(picture.astype(np.float32) / 127.5 - 1.0, view)
        for picture, view in zip(rgb, VIEWS, strict=True)
    ]
    return np.round(np.stack(shares).clip(0.0, 1.0) * 255.0).astype(np.uint8)


def _share_of_object(vectors: NDArray[np.float32], view: str) -> NDArray[np.float32]:
    """Share (S, S) of the object in the pixels (S, S, 3) of a view's decoded normal map."""
    border = np.concatenate([*vectors[[0, -1]], *vectors[:, [0, -1]].swapaxes(0, 1)])
    background = np.median(border, axis=0)
    offset, roots = shares_of_normal(vectors, background)
    if background @ background < 1.0:
        return np.maximum(*roots)
    toward = normals_to_maps(camera_axes(view)[2]).astype(np.float32)
    less, more = roots
    # The cosine between the normal (p - w) / a + w and the direction to the camera.
    facing = (offset @ toward) / np.maximum(more, 1e-3) + background @ toward
    return np.where(facing > 0.0, more, less)


def shares_of_normal(
    vectors: NDArray[np.float32], background: float | NDArray[np.float32]
) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Solve (w . w - 1) a^2 + 2 (w . q) a + q . q = 0 with q = p - w; see `alpha_from_normals`.

    Parameters
    ----------
    vectors : (..., 3) float32
        Decoded pixels p.
    background : float or (3,) float
        w; a float stands for each of its components: 1 for white, -1 for black.

    Returns
    -------
    q : (..., 3) float32
    roots : pair of (...) float32
        Where a vector is too short for either, their mean twice. On white and black, the first
        one is the smaller.
    """
    w = np.broadcast_to(np.asarray(background, np.float32), (3,))
    offset = vectors - w
    # A background as long as a normal would leave one solution only.
    excess = float(w @ w) - 1.0
    excess = np.copysign(max(abs(excess), 0.05), excess)
    along = -(offset @ w)
    spread = np.sqrt(np.maximum(along**2 - excess * (offset**2).sum(-1), 0.0))
    return offset, ((along - spread) / excess, (along + spread) / excess)


def decode_normals(rgb: NDArray[Any]) -> NDArray[np.float32]:
    """Decode normal maps to unit vectors in the world frame; zero where a pixel holds none.

    Parameters
    ----------
    rgb : (..., 3 or 4) uint8, or float from 0 to 255
        An alpha channel is ignored.

    Returns
    -------
    (..., 3) float32
    """
    vectors = rgb[..., :3].astype(np.float32) / 127.5 - 1.0
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return normals_to_world(np.where(length > 0.1, vectors / np.maximum(length, 0.1), 0.0))


def _naming_of(folder: Path) -> tuple[str, str]:
    """The naming that fits most files of the folder, so that a missing one can be named."""
    fits = [
        sum((folder / n.format(v)).is_file() for n in names for v in VIEWS) for names in _NAMINGS
    ]
    if not any(fits):
        raise InputError(
            f"{folder} holds no views: expected twelve pictures such as color_front.png and "
            "normal_front.png (or Era3D's or Wonder3D's names)."
        )
    return _NAMINGS[int(np.argmax(fits))]


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            if max(image.size) > LARGEST_SIZE:
                raise InputError(f"{path} is larger than {LARGEST_SIZE} pixels.")
            return np.asarray(image.convert("RGBA"))
    except FileNotFoundError:
        raise InputError(f"The view {path} is missing.") from None
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise InputError(f"The view {path} cannot be read: {error}.") from None


def _check_sizes(images: list[NDArray[np.uint8]], paths: list[Path]) -> None:
    height, width = images[0].shape[:2]
    if height != width or height < SMALLEST_SIZE:
        raise InputError(
            f"{paths[0]} is {width}x{height}; views must be square, {SMALLEST_SIZE} pixels or more."
        )
    for image, path in zip(images, paths, strict=True):
        if image.shape != images[0].shape:
            raise InputError(
                f"{path} is {image.shape[1]}x{image.shape[0]}, but {paths[0].name} is "
                f"{width}x{height}; all views must have one size."
            )
