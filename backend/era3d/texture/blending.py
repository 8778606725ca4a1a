# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blend what several views see of the same points of the surface."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from era3d.cameras import VIEWS
from era3d.texture.sources import Source, Surface

# A point seen this well or better takes its colour from the views alone.
_SURE = 0.1


@dataclass(frozen=True)
class Blend:
    """What the views make of N points together.

    Attributes
    ----------
    color : (N, 3) float32
        sRGB, 0..1; black where no view sees the point.
    normal : (N, 3) float32 or None
        Unit normals in the world frame; 0 where no view sees the point.
    share : (N, 6) float32
        What each view contributes; the sum is 1, or 0 where no view sees the point.
    confidence : (N,) float32
        How well the colour is known, 0..1.
    """

    color: NDArray[np.float32]
    normal: NDArray[np.float32] | None
    share: NDArray[np.float32]
    confidence: NDArray[np.float32]


def blend(
    sources: Sequence[Source],
    gains: NDArray[np.float32],
    surface: Surface,
    with_normals: bool = False,
) -> Blend:
    """Blend the views' colours, and normals if wanted, at points of the surface.

    Parameters
    ----------
    sources : sequence of Source
    gains : (6, 3) float32
        What each view's colours are multiplied by; see `era3d.texture.exposure`.
    surface : Surface
    with_normals : bool
    """
    count = len(surface.points)
    color = np.zeros((count, 3), np.float32)
    normal = np.zeros((count, 3), np.float32)
    share = np.zeros((count, len(VIEWS)), np.float32)
    best = np.zeros(count, np.float32)
    for source in sources:
        sighting = source.look_up(surface)
        seen, weight = sighting.seen, sighting.weight[:, None]
        color[seen] += source.color_at(sighting) * gains[source.index] * weight
        if with_normals:
            normal[seen] += source.normal_at(sighting) * weight
        share[seen, source.index] = sighting.weight
        best[seen] = np.maximum(best[seen], sighting.confidence)
    total = np.maximum(share.sum(1, keepdims=True), 1e-12)
    length = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return Blend(
        (color / total).clip(0, 1),
        normal / length if with_normals else None,
        share / total,
        (best / _SURE).clip(0, 1),
    )
