# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How visible the borders of charts and of views are in a texture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.texture.charts import neighbours
from era3d.texture.coverage import PALETTE
from era3d.texture.normals import unit
from era3d.texture.sampling import sample
from era3d.texture.textured_mesh import TexturedMesh

# How far from an edge colours are compared, in units: three quarters of a pixel of 512.
_REACH = 0.75 / 512


def seam_visibility(faces: NDArray[np.int32], textured: TexturedMesh) -> tuple[float, float]:
    """Mean colour gradient across borders over the mean gradient elsewhere.

    At the middle of each edge between two faces, the colours a little inside of either are
    compared. At 1, borders cannot be told from any other place.

    Parameters
    ----------
    faces : (m, 3) int32
        Of the mesh before it was cut.
    textured : TexturedMesh
        What `era3d.texture.bake` made of it.

    Returns
    -------
    charts, views : float
        Across edges where two charts meet, and across those where another view contributes most
        on the other side. What the object shows along the latter counts, too: compare them with
        those of the same views without whatever was done to them.
    """
    pairs = neighbours(faces)
    one, other = faces[pairs[:, 0]], faces[pairs[:, 1]]
    same = one[:, :, None] == other[:, None]
    proper = same.sum((1, 2)) == 2
    pairs, same = pairs[proper], same[proper]
    near = _beside(textured, pairs[:, 0], same.any(2))
    far = _beside(textured, pairs[:, 1], same.any(1))
    distance = np.linalg.norm(near[:, :3] - far[:, :3], axis=1)
    gradient = np.linalg.norm(near[:, 3:] - far[:, 3:], axis=1) / np.maximum(distance, 1e-9)
    fine = distance > 0.1 * _REACH
    joined = textured.faces[pairs[:, 0]][:, :, None] == textured.faces[pairs[:, 1]][:, None]
    between_charts = fine & (joined.sum((1, 2)) < 2)
    view = _main_view(textured)
    between_views = fine & (view[pairs[:, 0]] != view[pairs[:, 1]])
    elsewhere = max(float(gradient[fine & ~between_charts & ~between_views].mean()), 1e-9)
    charts, views = (gradient[border].mean() for border in (between_charts, between_views))
    return float(charts) / elsewhere, float(views) / elsewhere


def _beside(
    textured: TexturedMesh, face: NDArray[np.int64], on_edge: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Points and colours (p, 6) a little inside of faces (p,) from one of their edges (p, 3)."""
    corners = textured.vertices[textured.faces[face]].astype(np.float64)
    middle = on_edge / 2
    inward = 1 / 3 - middle
    length = np.linalg.norm(np.einsum("pk,pkc->pc", inward, corners), axis=1)
    share = np.minimum(_REACH / np.maximum(length, 1e-12), 1.0)
    weight = middle + share[:, None] * inward
    point = np.einsum("pk,pkc->pc", weight, corners)
    uv = np.einsum("pk,pkc->pc", weight, textured.uv[textured.faces[face]])
    return np.concatenate([point, _look_up(textured.image, uv, cv2.INTER_LINEAR)], 1)


def _main_view(textured: TexturedMesh) -> NDArray[np.int64]:
    """The view (m,) that contributes most at each face's centre."""
    if textured.coverage is None:
        raise ValueError("the texture comes without its coverage")
    centre = textured.uv[textured.faces].mean(1)
    color = _look_up(textured.coverage, centre, cv2.INTER_NEAREST)
    return np.asarray((color @ unit(PALETTE).T).argmax(1))


def _look_up(image: NDArray[np.uint8], uv: NDArray[np.floating], how: int) -> NDArray[np.float64]:
    """Colours (p, 3) of an image at texture coordinates (p, 2)."""
    column, row = uv.T * len(image) - 0.5
    return sample(image, column, row, how).astype(np.float64)
