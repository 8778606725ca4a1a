# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Gaussians are fitted to: pictures, and the cameras that took them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from era3d.cameras import normals_to_world
from era3d.drawing import draw
from era3d.lens import Lens, lenses_of_views, orbit_lens, orthographic_lens
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh
from era3d.views import Views


@dataclass(frozen=True)
class Target:
    """One picture.

    Attributes
    ----------
    lens : Lens
    color : (height, width, 3) float32
        sRGB, 0..1, multiplied by alpha.
    alpha : (height, width) float32 or None
        None: nothing is known of what is background.
    normal : (height, width, 3) float32 or None
        World frame, multiplied by alpha.
    weight : float
        How much this picture counts.
    """

    lens: Lens
    color: Tensor
    alpha: Tensor | None = None
    normal: Tensor | None = None
    weight: float = 1.0

    @property
    def pixels(self) -> float:
        """How many pixels the object fills, or the whole picture where that is not known."""
        if self.alpha is None:
            return float(self.lens.width * self.lens.height)
        return max(float(self.alpha.sum()), 1.0)

    def to(self, device: torch.device) -> "Target":
        """The same on a torch device."""
        alpha, normal = (
            each if each is None else each.to(device) for each in (self.alpha, self.normal)
        )
        return replace(self, color=self.color.to(device), alpha=alpha, normal=normal)

    def resized(self, scale: float) -> "Target":
        """The same picture with fewer pixels."""
        width, height = (
            max(1, round(side * scale)) for side in (self.lens.width, self.lens.height)
        )

        def shrink(picture: Tensor | None) -> Tensor | None:
            if picture is None:
                return None
            small = cv2.resize(picture.numpy(), (width, height), interpolation=cv2.INTER_AREA)
            return torch.from_numpy(small)

        color = shrink(self.color)
        assert color is not None
        lens = self.lens.resized(width, height)
        alpha, normal = shrink(self.alpha), shrink(self.normal)
        return replace(self, lens=lens, color=color, alpha=alpha, normal=normal)


def targets_of_views(views: Views) -> list[Target]:
    """Six views as targets; the alpha of the normal maps is the outline."""
    targets = []
    for index, lens in enumerate(lenses_of_views(views.size)):
        alpha = views.normal[index, ..., 3:].astype(np.float32) / 255
        color = views.color[index, ..., :3].astype(np.float32) / 255 * alpha
        maps = views.normal[index, ..., :3].astype(np.float32) / 127.5 - 1
        normal = normals_to_world(maps) * alpha
        targets.append(Target(lens, _tensor(color), _tensor(alpha[..., 0]), _tensor(normal)))
    return targets


def targets_of_mesh(
    mesh: TexturedMesh | ColoredMesh, size: int, count: int, weight: float
) -> list[Target]:
    """Drawings of a mesh from directions spread evenly all round it, as targets."""
    targets = []
    for index, (azimuth, elevation) in enumerate(_all_round(count)):
        name = f"drawing {index}"
        pose = orbit_lens(name, azimuth, elevation, size, focal_px=1.0).matrix_world
        lens = orthographic_lens(name, pose, size)
        picture = draw(mesh, lens).picture.astype(np.float32) / 255
        alpha = picture[..., 3:]
        color = picture[..., :3] * alpha
        targets.append(Target(lens, _tensor(color), _tensor(alpha[..., 0]), weight=weight))
    return targets


def _all_round(count: int) -> Iterator[tuple[float, float]]:
    """Azimuths and elevations in degrees, on a spiral from pole to pole by the golden angle."""
    for index in range(count):
        height = 1 - 2 * (index + 0.5) / count
        yield math.degrees(math.pi * (3 - math.sqrt(5)) * index), math.degrees(math.asin(height))


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
