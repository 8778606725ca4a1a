# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network says, and from it views that an artist can paint on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from era3d.cameras import VIEWS, camera_axes, normals_to_maps
from era3d.diffusion.schedules import Sampling
from era3d.views import Views, shares_of_normal

# The mean normal of what one sees of a ball is two thirds of the direction to the viewer.
_TYPICAL_FACING = 2 / 3
_SURE = 0.95
# Parts smaller than this share of the largest one are specks.
_SMALLEST_PART = 0.02


@dataclass(frozen=True)
class GeneratedViews:
    """Six views in the order of `era3d.cameras.VIEWS` and the estimated camera of the picture.

    Attributes
    ----------
    color, normal : (6, S, S, 3) float32
        In [0, 1], on white. Normals in the front camera's OpenGL frame, rgb = n / 2 + 1 / 2.
    elevations, focals : tuple of float
        Guided estimate of each step: radians; 24 mm / focal length (0: orthographic). Empty for a
        model without camera regression.
    sampling : Sampling
        How they were made.
    """

    color: NDArray[np.float32]
    normal: NDArray[np.float32]
    elevations: tuple[float, ...]
    focals: tuple[float, ...]
    sampling: Sampling

    @property
    def elevation(self) -> float | None:
        """Mean of the estimates in radians, or None."""
        return float(np.mean(self.elevations)) if self.elevations else None

    @property
    def focal(self) -> float | None:
        """Mean of the estimates of 24 mm / focal length, or None."""
        return float(np.mean(self.focals)) if self.focals else None


def views_of(generated: GeneratedViews, smallest: int) -> Views:
    """Pictures with alpha, enlarged to ``smallest`` pixels if the model's are smaller.

    A model that is unsure where an outline runs draws a mix of the object and the white around
    it. The normal maps tell how much of each; the white is taken out again, and the outline is put
    where the object is more likely than not.
    """
    size = max(smallest, generated.normal.shape[1])
    color, normal = _enlarged(generated.color, size), _enlarged(generated.normal, size)
    share = _share_of_object(normal)[..., None]
    alpha = np.stack([_outline(one[..., 0]) for one in share])
    return Views(_with_alpha(color, share, alpha), _with_alpha(normal, share, alpha))


def _enlarged(images: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Scale pictures (6, S, S, 3) to (6, size, size, 3), smoothly."""
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    if size != planes.shape[-1]:
        planes = torch.nn.functional.interpolate(planes, size=(size, size), mode="bicubic")
    return planes.clamp(0, 1).permute(0, 2, 3, 1).numpy()


def _share_of_object(normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of each pixel (6, S, S) of normal maps on white is object.

    Sharp normals have length 1, which gives two candidates (see `shares_of_normal`). Blurred ones
    are shorter, and their share lies between: near that of a normal as the view shows it mostly.
    """
    _, (small, large) = shares_of_normal(2.0 * normal - 1.0, 1.0)
    toward = np.stack([normals_to_maps(camera_axes(view)[2]) for view in VIEWS])
    typical = _TYPICAL_FACING * toward.sum(-1)[:, None, None]
    share = ((small + large) / (3.0 - typical)).clip(small, large)
    return np.where(share > _SURE, 1.0, share.clip(0.0, 1.0)).astype(np.float32)


def _outline(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Alpha (S, S) of the object's larger parts, with an edge about a pixel wide."""
    inside = share > 0.5
    label, count = ndimage.label(inside)
    areas = np.bincount(label.ravel(), minlength=count + 1)[1:]
    large = np.flatnonzero(areas >= _SMALLEST_PART * areas.max(initial=0)) + 1
    kept = ndimage.binary_dilation(np.isin(label, large), iterations=2)
    rows, columns = np.gradient(share)
    slope = np.maximum(np.hypot(rows, columns), 1e-3)
    return np.round(((share - 0.5) / slope + 0.5).clip(0, 1) * 255 * kept).astype(np.uint8)


def _with_alpha(
    images: NDArray[np.float32], share: NDArray[np.float32], alpha: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Take white out of pictures (6, S, S, 3) of which ``share`` is the object; add the alpha."""
    pure = 1.0 - (1.0 - images) / np.maximum(share, 0.5)
    return np.concatenate([_bytes(pure), alpha[..., None]], -1)


def _bytes(images: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.round(images.clip(0, 1) * 255).astype(np.uint8)
