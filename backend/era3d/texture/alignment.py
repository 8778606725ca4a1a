# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that do not quite fit the mesh, warped so that their colours land where they belong."""

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.cameras import VIEWS
from era3d.mesh import TriangleMesh
from era3d.mesh.observations import FEWEST_VIEWS, observe, shows_object
from era3d.mesh.registration import Warp, register
from era3d.views import Views

_SIZE = 256
# Pixels of 512 that a view is off, typically, from which on it is worth a blur by resampling.
_WORTHWHILE = 0.75


def align(mesh: TriangleMesh, views: Views) -> Views:
    """Warp each view so that its outline and normals lie where the mesh has them.

    The mesh is the views' compromise; what was done to make them fit each other before they were
    fused must be done to their colours, too. Views that fit are left as they are.

    Parameters
    ----------
    mesh : TriangleMesh
    views : Views
    """
    if sum(shows_object(views, index) for index in range(len(VIEWS))) < FEWEST_VIEWS:
        return views
    observations = observe(views, largest=_SIZE)
    warp = register(mesh, observations, Warp.identity(observations))
    moved = warp.displacement(_SIZE).cpu().numpy()
    color, normal = views.color.copy(), views.normal.copy()
    for name, step in zip(observations.names, moved, strict=True):
        index = VIEWS.index(name)
        small = cv2.resize(
            views.normal[index, ..., 3], (_SIZE, _SIZE), interpolation=cv2.INTER_AREA
        )
        length = np.hypot(*step)[small > 127]
        if len(length) and np.median(length) * 512 > _WORTHWHILE:
            color[index] = _moved(color[index], step)
            normal[index] = _moved(normal[index], step)
    return Views(color, normal)


def _moved(image: NDArray[np.uint8], step: NDArray[np.float32]) -> NDArray[np.uint8]:
    """An image (S, S, 4) looked up where displacements (2, s, s), in shares of its size, say."""
    size = len(image)
    right, down = (cv2.resize(part, (size, size)) * size for part in step)
    row, column = np.indices((size, size), np.float32)
    alpha = image[..., 3:].astype(np.float32) / 255
    whole = np.concatenate([image[..., :3] * alpha, alpha], 2)
    there = cv2.remap(
        whole, column + right, row + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    cover = there[..., 3:].clip(0, 1)
    rgb = np.where(cover > 1e-2, there[..., :3] / np.maximum(cover, 1e-2), 255)
    return np.round(np.concatenate([rgb, cover * 255], 2)).clip(0, 255).astype(np.uint8)
