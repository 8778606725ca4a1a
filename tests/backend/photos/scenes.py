# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A box with speckles on it, which has corners and features on every side."""

import cv2
import numpy as np

from era3d.texture import TexturedMesh
from tests.backend.texture.scenes import box


def speckled(seed: int = 0) -> TexturedMesh:
    """A box, each of whose sides shows a part of its own of a picture of random discs."""
    rng = np.random.default_rng(seed)
    image = np.full((768, 512, 3), 128, np.uint8)
    for _ in range(900):
        centre = tuple(int(each) for each in rng.integers(0, (512, 768)))
        color = tuple(int(each) for each in rng.integers(0, 256, 3))
        cv2.circle(image, centre, int(rng.integers(4, 16)), color, -1, cv2.LINE_AA)
    image = np.pad(image, ((0, 0), (0, 256), (0, 0)))
    mesh = box((0.3, 0.22, 0.35), cuts=2)
    corners = mesh.vertices[mesh.faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normal).argmax(axis=1)
    side = 2 * axis + (np.take_along_axis(normal, axis[:, None], 1)[:, 0] > 0)
    flat = np.stack(
        [
            corners[..., (axis + 1) % 3][np.arange(len(axis)), :, np.arange(len(axis))],
            corners[..., (axis + 2) % 3][np.arange(len(axis)), :, np.arange(len(axis))],
        ],
        -1,
    )
    cell = np.stack([side % 2, side // 2], 1)[:, None] * 256
    uv = (cell + (flat + 0.4) / 0.8 * 256) / 768
    count = 3 * len(corners)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return TexturedMesh(
        corners.reshape(-1, 3).astype(np.float32),
        np.repeat(normal / length, 3, axis=0).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        np.arange(count, dtype=np.int32).reshape(-1, 3),
        image,
    )
