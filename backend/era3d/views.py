# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six registered pairs of colour and normal map: reading, writing, decoding."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from era3d.cameras import VIEWS, camera_axes, normals_to_maps, normals_to_world
from era3d.errors import InputError

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


def views_from_images(color: NDArray[np.uint8], normal: NDArray[np.uint8]) -> Views:
    """Make views of pictures that may lack an alpha channel.

    Parameters
    ----------
    color, normal : (6, S, S, 4) uint8
        Pictures whose alpha is 255 everywhere count as having none.
    """
    if (normal[..., 3] == 255).all():
        normal = normal.copy()
        normal[..., 3] = alpha_from_normals(normal[..., :3])
    if (color[..., 3] == 255).all():
        color = color.copy()
        color[..., 3] = normal[..., 3]
    return Views(color, normal)


def alpha_from_normals(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Tell the object from a white, black or grey background in six normal maps.

    A pixel p that mixes a share a of a normal n with the background w is p = a n + (1 - a) w. As n
    has length 1, a solves a quadratic equation (w white or black, of length sqrt 3); of its two
    solutions the one counts whose normal faces the camera. On grey, w = 0, a is the length of p.
    The border of the maps tells which background it is.

    Parameters
    ----------
    rgb : (6, S, S, 3) uint8
        In the order of `era3d.cameras.VIEWS`.

    Returns
    -------
    (6, S, S) uint8
    """
    vectors = rgb.astype(np.float32) / 127.5 - 1.0
    border = np.concatenate(
        [vectors[:, [0, -1]].reshape(-1, 3), vectors[:, :, [0, -1]].reshape(-1, 3)]
    )
    level = np.median(border)
    if abs(level) < 0.5:
        share = np.linalg.norm(vectors, axis=-1)
    else:
        toward = np.stack([normals_to_maps(camera_axes(view)[2]) for view in VIEWS])
        offset, roots = shares_of_normal(vectors, float(np.sign(level)))
        facing = [
            np.einsum("vrcx,vx->vrc", offset / np.maximum(root, 1e-3)[..., None], toward)
            for root in roots
        ]
        share = np.where(facing[0] > facing[1], *roots)
    return np.round(share.clip(0.0, 1.0) * 255.0).astype(np.uint8)


def shares_of_normal(
    vectors: NDArray[np.float32], background: float
) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Solve 2 a^2 + 2 (w . q) a + q . q = 0 with q = p - w; see `alpha_from_normals`.

    Parameters
    ----------
    vectors : (..., 3) float32
        Decoded pixels p.
    background : float
        1 for white, -1 for black: each component of w.

    Returns
    -------
    q : (..., 3) float32
    roots : pair of (...) float32
        The smaller and the larger one; where a vector is too short for either, their mean twice.
    """
    offset = vectors - background
    along = -background * offset.sum(-1)
    spread = np.sqrt(np.maximum(along**2 - 2.0 * (offset**2).sum(-1), 0.0))
    return offset, ((along - spread) / 2, (along + spread) / 2)


def decode_normals(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Decode normal maps to unit vectors in the world frame; zero where a pixel holds none.

    Parameters
    ----------
    rgb : (..., 3 or 4) uint8
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
