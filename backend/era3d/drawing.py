# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs of a painted mesh: what any camera sees of it."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from era3d.lens import Lens
from era3d.raster import Fragments, rasterize
from era3d.texture.sampling import sample
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

_NEAREST = 0.01


@dataclass(frozen=True)
class Drawing:
    """What a camera sees.

    Attributes
    ----------
    picture : (height, width, 4) uint8
        sRGB, straight alpha: the share of each pixel that the mesh covers.
    position : (height, width, 3) float32
        The point of the surface at each pixel's centre, world frame; NaN where there is none.
    """

    picture: NDArray[np.uint8]
    position: NDArray[np.float32]


def draw(mesh: TexturedMesh | ColoredMesh, lens: Lens, samples: int = 2) -> Drawing:
    """Draw a mesh in its own colours, without light.

    Parameters
    ----------
    mesh : TexturedMesh or ColoredMesh
    lens : Lens
    samples : int
        Along each side of a pixel.

    Returns
    -------
    Drawing
    """
    fine = lens.resized(lens.width * samples, lens.height * samples)
    surface = _Surface(mesh, fine)
    alpha = (surface.fragments.face >= 0).numpy().astype(np.float32)
    color = surface.colors() * alpha[..., None]
    picture = _averaged(np.dstack([color, alpha]), samples)
    picture[..., :3] /= np.maximum(picture[..., 3:], 1e-6)
    seen = surface if samples == 1 else _Surface(mesh, lens)
    position = np.where(seen.fragments.face[..., None] < 0, np.nan, seen.blend(mesh.vertices))
    return Drawing(np.round(picture * 255).astype(np.uint8), position.astype(np.float32))


class _Surface:
    """The faces of a mesh that a camera sees, and their values there."""

    def __init__(self, mesh: TexturedMesh | ColoredMesh, lens: Lens) -> None:
        pixel, depth = lens.project(mesh.vertices)
        faces = mesh.faces[(depth[mesh.faces] > _NEAREST).all(axis=1) | lens.orthographic]
        # What is linear in a perspective picture is the inverse of the depth.
        near = depth if lens.orthographic else -1 / np.maximum(depth, _NEAREST)
        corners = np.concatenate([pixel, near[:, None]], axis=1).astype(np.float32)
        self._mesh, self._faces = mesh, faces
        self._share = None if lens.orthographic else -near.astype(np.float32)
        self.fragments: Fragments = rasterize(
            torch.from_numpy(corners[faces]), lens.height, lens.width
        )

    def blend(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values (n, C) of the vertices at each pixel (height, width, C)."""
        if self._share is None:
            return self._linear(values).numpy()
        weighted = np.concatenate([values * self._share[:, None], self._share[:, None]], axis=1)
        blended = self._linear(weighted)
        return (blended[..., :-1] / blended[..., -1:].clamp(min=1e-9)).numpy()

    def colors(self) -> NDArray[np.float32]:
        """SRGB (height, width, 3), 0..1."""
        if isinstance(self._mesh, ColoredMesh):
            return self.blend(self._mesh.colors)
        uv = self.blend(self._mesh.uv)
        column, row = uv.reshape(-1, 2).T * len(self._mesh.image) - 0.5
        color = sample(self._mesh.image, column, row).reshape(*uv.shape[:2], 3)
        return (color / 255).astype(np.float32)

    def _linear(self, values: NDArray[np.float32]) -> Tensor:
        corners = torch.from_numpy(np.ascontiguousarray(values[self._faces], np.float32))
        if not len(corners):
            return torch.zeros(*self.fragments.face.shape, values.shape[1])
        return self.fragments.interpolate(corners)


def _averaged(picture: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    height, width, channels = picture.shape
    blocks = picture.reshape(height // samples, samples, width // samples, samples, channels)
    return np.asarray(blocks.mean(axis=(1, 3)))
