# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How visible the borders of charts and of views are in a texture."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.texture.charts import neighbours
from era3d.texture.coverage import PALETTE
from era3d.texture.normals import unit
from era3d.texture.sampling import sample
from era3d.texture.textured_mesh import TexturedMesh

# Colours (p, 3), 0..255, of points (p, 3) on the surface.
Painting = Callable[[NDArray[np.float64]], NDArray[np.floating]]

# How far from an edge colours are compared, in units: three quarters of a pixel of 512.
_REACH = 0.75 / 512


@dataclass(frozen=True)
class Seams:
    """How visible borders are in a texture.

    Attributes
    ----------
    charts, views : float
        Mean colour gradient across edges of the mesh where two charts meet, and across those where
        another view contributes most on the other side, over the mean gradient elsewhere. At 1 they
        cannot be told from any other place. Where they follow what the object shows, the rim of a
        fruit for example, that counts, too: compare with the object's own colours there.
    jump : float
        Mean difference of colour, 0..255, between both sides at the very place where charts meet.
    """

    charts: float
    views: float
    jump: float


def measure_seams(
    faces: NDArray[np.int32], textured: TexturedMesh, own: Painting | None = None
) -> Seams:
    """Compare colours at the middle of each edge between two faces, a little inside of either.

    Parameters
    ----------
    faces : (m, 3) int32
        Of the mesh before it was cut.
    textured : TexturedMesh
        What `era3d.texture.bake` made of it.
    own : Painting, optional
        Colours to compare at the same places instead of those in the texture.
    """
    pairs = neighbours(faces)
    one, other = faces[pairs[:, 0]], faces[pairs[:, 1]]
    same = one[:, :, None] == other[:, None]
    proper = same.sum((1, 2)) == 2
    pairs, same = pairs[proper], same[proper]
    distance, difference = _across(textured, pairs, same, _REACH, own)
    gradient = difference / np.maximum(distance, 1e-9)
    fine = distance > 0.1 * _REACH
    joined = textured.faces[pairs[:, 0]][:, :, None] == textured.faces[pairs[:, 1]][:, None]
    between_charts = fine & (joined.sum((1, 2)) < 2)
    view = _main_view(textured)
    between_views = fine & (view[pairs[:, 0]] != view[pairs[:, 1]])
    elsewhere = max(float(gradient[fine & ~between_charts & ~between_views].mean()), 1e-9)
    charts, views = (gradient[border].mean() for border in (between_charts, between_views))
    _, jump = _across(textured, pairs[between_charts], same[between_charts], 0.0, own)
    return Seams(float(charts) / elsewhere, float(views) / elsewhere, float(jump.mean()))


def _across(
    textured: TexturedMesh,
    pairs: NDArray[np.int64],
    same: NDArray[np.bool_],
    reach: float,
    own: Painting | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances and differences of colour (p,) from one side of edges to the other."""
    near = _beside(textured, pairs[:, 0], np.asarray(same.any(2)), reach, own)
    far = _beside(textured, pairs[:, 1], np.asarray(same.any(1)), reach, own)
    step = near - far
    return np.linalg.norm(step[:, :3], axis=1), np.linalg.norm(step[:, 3:], axis=1) / np.sqrt(3)


def _beside(
    textured: TexturedMesh,
    face: NDArray[np.int64],
    on_edge: NDArray[np.bool_],
    reach: float,
    own: Painting | None,
) -> NDArray[np.float64]:
    """Points and colours (p, 6) a little inside of faces (p,) from one of their edges (p, 3)."""
    corners = textured.vertices[textured.faces[face]].astype(np.float64)
    middle = on_edge / 2
    inward = 1 / 3 - middle
    length = np.linalg.norm(np.einsum("pk,pkc->pc", inward, corners), axis=1)
    share = np.minimum(reach / np.maximum(length, 1e-12), 1.0)
    weight = middle + share[:, None] * inward
    point = np.einsum("pk,pkc->pc", weight, corners)
    if own is not None:
        return np.concatenate([point, own(point)], 1)
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
