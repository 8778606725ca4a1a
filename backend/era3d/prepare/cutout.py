# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the subject: the picture's own alpha, a uniform background, or GrabCut."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from era3d.errors import InputError

# Distances between 8-bit Lab colours: of one background, and of a border that holds no other.
_BACKGROUND, _FOREGROUND = 6.0, 18.0
_EDGE_WIDTH = 2.0
_UNIFORM_BORDER_SHARE = 0.92
_GRABCUT_SIDE, _GRABCUT_ROUNDS = 320, 4
_GRABCUT_MARGIN = 0.02
_SMALLEST_SHARE, _LARGEST_SHARE = 0.001, 0.985


def cut_out(image: Image.Image) -> tuple[Image.Image, str]:
    """Separate the subject from its background.

    Parameters
    ----------
    image : PIL.Image.Image
        RGB or RGBA. An alpha channel that is not opaque everywhere is taken as it is.

    Returns
    -------
    subject : PIL.Image.Image
        RGBA of the same size.
    how : str
        ``alpha``, ``uniform background`` or ``grabcut``.

    Raises
    ------
    InputError
        If no subject is left.
    """
    if image.mode == "RGBA":
        alpha = np.asarray(image)[..., 3]
        if alpha.max() < 13:
            raise InputError("The picture is fully transparent: there is no subject to see.")
        if alpha.min() < 255:
            return image, "alpha"
    rgb = np.asarray(image.convert("RGB"))
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    background = np.median(_border(lab), axis=0)
    distance = np.linalg.norm(lab - background, axis=-1)
    if (_border(distance) < _FOREGROUND).mean() >= _UNIFORM_BORDER_SHARE:
        solid, how = _not_background(distance), "uniform background"
        rgb, alpha = _unmixed_edges(rgb, solid, np.median(_border(rgb), axis=0))
    else:
        alpha, how = _grabcut(rgb), "grabcut"
    share = float((alpha > 127).mean())
    if not _SMALLEST_SHARE < share < _LARGEST_SHARE:
        raise InputError(
            "No subject could be told from the background; give a picture with transparency, "
            "or one with a plain background around the whole subject."
        )
    return Image.fromarray(np.dstack([rgb, alpha]), "RGBA"), how


def cut_by(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Separate the subject by a mask that somebody painted.

    Parameters
    ----------
    image : PIL.Image.Image
        RGB or RGBA.
    mask : PIL.Image.Image
        White where the subject is, black elsewhere, of the same size; its own alpha is left out.

    Returns
    -------
    PIL.Image.Image
        RGBA of the same size.

    Raises
    ------
    InputError
        If the sizes differ or the mask is black everywhere.
    """
    if mask.size != image.size:
        one, other = "x".join(map(str, mask.size)), "x".join(map(str, image.size))
        raise InputError(f"The mask is {one} pixels and the picture {other}; make them one size.")
    alpha = mask.convert("RGB").convert("L")
    if np.asarray(alpha).max() < 13:
        raise InputError("The mask is black everywhere: paint the subject white.")
    subject = image.convert("RGB")
    subject.putalpha(alpha)
    return subject


def _border(values: NDArray) -> NDArray:
    """The outermost pixels of an image (H, W, ...) as one list (N, ...)."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _not_background(distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    """All but the background-coloured regions that reach the picture's border."""
    _, label = cv2.connectedComponents((distance < _BACKGROUND).astype(np.uint8), connectivity=4)
    return ~np.isin(label, np.setdiff1d(_border(label), [0]))


def _unmixed_edges(
    rgb: NDArray[np.uint8], solid: NDArray[np.bool_], background: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colour and alpha where pixels along the edge mix subject and background.

    What the subject's own colour is there, the nearest pixel that is safely inside tells.
    """
    inside = distance_transform_edt(solid) > _EDGE_WIDTH
    away, (row, column) = distance_transform_edt(~inside, return_indices=True)
    mixed = solid & ~inside & (away <= 2 * _EDGE_WIDTH)
    pure = rgb[row[mixed], column[mixed]].astype(np.float64)
    towards = pure - background
    share = ((rgb[mixed] - background) * towards).sum(1) / np.maximum((towards**2).sum(1), 1.0)
    alpha = solid * np.uint8(255)
    alpha[mixed] = np.round(share.clip(0.0, 1.0) * 255.0)
    rgb = rgb.copy()
    rgb[mixed] = np.where(share[:, None] < 0.95, pure, rgb[mixed])
    return rgb, alpha


def _grabcut(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Alpha by OpenCV's GrabCut, which starts from the border being background."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _GRABCUT_SIDE / max(height, width))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rows, columns = small.shape[:2]
    margin = max(2, round(_GRABCUT_MARGIN * max(rows, columns)))
    box = (margin, margin, columns - 2 * margin, rows - 2 * margin)
    mask = np.zeros((rows, columns), np.uint8)
    cv2.setRNGSeed(0)  # its colour models start from k-means
    bgr = np.ascontiguousarray(small[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(bgr, mask, box, *models, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    soft = cv2.resize(_largest_part(inside), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.round(soft.clip(0.0, 1.0) * 255.0).astype(np.uint8)


def _largest_part(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    count, label, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return (label == largest).astype(np.float32)
