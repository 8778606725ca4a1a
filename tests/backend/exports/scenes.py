# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small painted mesh that differs from its mirror image."""

import numpy as np

from era3d.texture import ColoredMesh, TexturedMesh
from tests.backend.texture.scenes import sphere


def painted() -> TexturedMesh:
    """A sphere whose texture is laid on from the front: red grows to the right, green upward."""
    mesh = sphere(cuts=3)
    image = np.zeros((64, 64, 3), np.uint8)
    image[..., 0] = np.linspace(20, 230, 64)[None, :]
    image[..., 1] = np.linspace(230, 20, 64)[:, None]
    x, z = mesh.vertices[:, 0], mesh.vertices[:, 2]
    uv = np.stack([0.5 + x, 0.5 - z], 1).astype(np.float32)
    return TexturedMesh(mesh.vertices, mesh.vertices / 0.35, uv, mesh.faces, image)


def colored() -> ColoredMesh:
    """The same with its colours at the vertices."""
    mesh = painted()
    colors = np.concatenate([mesh.uv, np.zeros((len(mesh.uv), 1), np.float32)], 1)
    return ColoredMesh(mesh.vertices, mesh.normals, colors, mesh.faces)
