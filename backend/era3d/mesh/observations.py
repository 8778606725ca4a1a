# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the views say, as tensors: silhouette distances and normals in the world frame."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from era3d.cameras import VIEWS, camera_axes
from era3d.errors import InputError
from era3d.mesh.silhouette import signed_distance
from era3d.views import Views, decode_normals

SMALLEST_IMAGE, LARGEST_IMAGE = 256, 512
FEWEST_VIEWS = 3


@dataclass(frozen=True)
class Observations:
    """The V views that show something, S pixels square; lengths in world units.

    Attributes
    ----------
    names : tuple of str
        Which of `era3d.cameras.VIEWS` these are.
    detail : int
        Width of the pictures as they were given, pixels.
    axes : (V, 3, 3) float32
        Rows right, up, back of each camera.
    distance : (V, S, S) float32
        Signed distance to the silhouette, positive outside.
    normal : (V, 4, S, S) float32
        World normal times alpha, and alpha.
    tolerance : float
        How far outside a silhouette the object may reach.
    """

    names: tuple[str, ...]
    detail: int
    axes: Tensor
    distance: Tensor
    normal: Tensor
    tolerance: float = 0.0

    def project(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points (N, 3) along each camera's axes: right, up, back, each (V, N)."""
        coordinates = torch.einsum("vak,nk->avn", self.axes, points)
        return coordinates[0], coordinates[1], coordinates[2]


def sample(images: Tensor, right: Tensor, up: Tensor) -> Tensor:
    """Look images (V, C, S, S) up at camera coordinates (V, N); bilinear, (V, C, N)."""
    where = torch.stack([2.0 * right, -2.0 * up], -1).unsqueeze(1)
    looked_up = functional.grid_sample(
        images, where, mode="bilinear", padding_mode="border", align_corners=False
    )
    return looked_up[:, :, 0]


def observe(views: Views, device: str | torch.device = "cpu") -> Observations:
    """Prepare views for fusion.

    Raises
    ------
    InputError
        If fewer than `FEWEST_VIEWS` views show anything.
    """
    alpha = views.normal[..., 3].astype(np.float32) / 255.0
    seen = [k for k in range(len(VIEWS)) if (alpha[k] >= 0.5).any()]
    if len(seen) < FEWEST_VIEWS:
        empty = ", ".join(name for k, name in enumerate(VIEWS) if k not in seen)
        raise InputError(
            f"The views {empty} show no object; at least {FEWEST_VIEWS} of the six must."
        )
    normal = decode_normals(views.normal[seen])
    maps = np.concatenate([normal, np.ones_like(normal[..., :1])], -1) * alpha[seen][..., None]
    images = _resized(torch.from_numpy(np.ascontiguousarray(maps.transpose(0, 3, 1, 2))))
    distance = np.stack([signed_distance(image) for image in images[:, 3].numpy()])
    axes = np.stack([camera_axes(VIEWS[k]) for k in seen]).astype(np.float32)
    return Observations(
        names=tuple(VIEWS[k] for k in seen),
        detail=views.size,
        axes=torch.from_numpy(axes).to(device),
        distance=torch.from_numpy(distance / images.shape[-1]).to(device),
        normal=images.to(device),
    )


def _resized(images: Tensor) -> Tensor:
    """Bring images (V, C, S, S) to a size that suits the grids: smooth up, averaged down."""
    size = images.shape[-1]
    wanted = min(max(size, SMALLEST_IMAGE), LARGEST_IMAGE)
    if size == wanted:
        return images
    if size > wanted:
        return functional.interpolate(images, (wanted, wanted), mode="area")
    return functional.interpolate(images, (wanted, wanted), mode="bicubic", align_corners=False)
