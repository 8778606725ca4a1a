# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Gaussians are fitted to: pictures, and the cameras that took them."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from era3d.cameras import normals_to_world
from era3d.lens import Lens, lenses_of_views
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
    """

    lens: Lens
    color: Tensor
    alpha: Tensor | None = None
    normal: Tensor | None = None

    @property
    def pixels(self) -> float:
        """How many pixels the object fills, or the whole picture where that is not known."""
        if self.alpha is None:
            return float(self.lens.width * self.lens.height)
        return max(float(self.alpha.sum()), 1.0)

    def to(self, device: torch.device) -> "Target":
        """The same on a torch device."""
        parts = (each if each is None else each.to(device) for each in (self.alpha, self.normal))
        return Target(self.lens, self.color.to(device), *parts)

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
        return Target(lens, color, shrink(self.alpha), shrink(self.normal))


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


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
