# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the views say, as tensors: silhouette distances and normals in the world frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from era3d.cameras import VIEWS, camera_axes
from era3d.errors import InputError
from era3d.mesh.parallel import each
from era3d.mesh.silhouette import signed_distance
from era3d.views import Views, decode_normals

SMALLEST_IMAGE, LARGEST_IMAGE = 256, 512
# Pictures that were drawn larger than they are: this narrow ones hold the same normals, but for so
# much in the root mean square of their length.
_LEAST_DETAIL, _UNSEEN = 128, 0.015
# Next to an outline, in pixels, normals say nothing of that, and if that is most of what there is,
# parts are thin.
_RIM, _THIN = 8, 0.5
FEWEST_VIEWS = 3
# How far outside its silhouette the object may reach where a view is hardly trusted, world units.
_LOOSEST = 8.0 / 512


@dataclass(frozen=True)
class Observations:
    """The V views that show something, S pixels square; lengths in world units.

    Attributes
    ----------
    names : tuple of str
        Which of `era3d.cameras.VIEWS` these are.
    detail : int
        Width of the pictures as they were given, pixels, or what `shown_detail` makes of it.
    axes : (V, 3, 3) float32
        Rows right, up, back of each camera.
    distance : (V, S, S) float32
        Signed distance to the silhouette, positive outside.
    normal : (V, 4, S, S) float32
        World normal times alpha, and alpha.
    trust : (V,) float32
        How much what each view says counts, above 0 and up to 1.
    tolerance : (V,) float32
        How far outside each silhouette the object may reach.
    """

    names: tuple[str, ...]
    detail: int
    axes: Tensor
    distance: Tensor
    normal: Tensor
    trust: Tensor
    tolerance: Tensor

    def project(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points (N, 3) along each camera's axes: right, up, back, each (V, N)."""
        along = (self.axes.view(-1, 3) @ points.T).view(len(self.axes), 3, -1)
        return along[:, 0], along[:, 1], along[:, 2]


def sample(images: Tensor, right: Tensor, up: Tensor) -> Tensor:
    """Look images (V, C, S, S) up at camera coordinates (V, N); bilinear, (V, C, N)."""
    where = torch.stack([2.0 * right, -2.0 * up], -1).unsqueeze(1)
    looked_up = functional.grid_sample(
        images, where, mode="bilinear", padding_mode="border", align_corners=False
    )
    return looked_up[:, :, 0]


def observe(
    views: Views,
    weights: Sequence[float] = (1.0,) * len(VIEWS),
    largest: int = LARGEST_IMAGE,
    device: str | torch.device = "cpu",
) -> Observations:
    """Prepare views for fusion.

    Parameters
    ----------
    views : Views
    weights : six float
        How far each view is trusted; one of 0, like one that shows nothing, is left out.
    largest : int
        Pictures that are larger are brought to so many pixels; ones below `SMALLEST_IMAGE` are
        brought up to that, as far as this allows.

    Raises
    ------
    InputError
        If fewer than `FEWEST_VIEWS` views remain.
    """
    seen = [k for k in range(len(VIEWS)) if weights[k] > 0.0 and shows_object(views, k)]
    if len(seen) < FEWEST_VIEWS:
        empty = ", ".join(name for k, name in enumerate(VIEWS) if k not in seen)
        raise InputError(
            f"The views {empty} show no object; at least {FEWEST_VIEWS} of the six must."
        )
    images = torch.cat([_map(views, k, largest) for k in seen])
    distance = np.stack(each(signed_distance, images[:, 3].numpy()))
    axes = np.stack([camera_axes(VIEWS[k]) for k in seen]).astype(np.float32)
    trust = torch.tensor([float(weights[k]) for k in seen], device=device)
    return Observations(
        names=tuple(VIEWS[k] for k in seen),
        detail=views.size,
        axes=torch.from_numpy(axes).to(device),
        distance=torch.from_numpy(distance / images.shape[-1]).to(device),
        normal=images.to(device),
        trust=trust,
        tolerance=_LOOSEST * (1.0 - trust),
    )


def shows_object(views: Views, index: int) -> bool:
    """Whether a view's silhouette holds a pixel."""
    return bool((views.normal[index, ..., 3] >= 128).any())


def shown_detail(obs: Observations) -> int:
    """Width of pictures that hold all that these show, pixels: that of the given ones, or a half, a
    quarter and so on of it if those were enlarged.
    """
    images, size = obs.normal, obs.detail
    full, shown = images.shape[-2:], images[:, 3] > 0.5
    inside = images[:, 3]
    for along in ((2 * _RIM + 1, 1), (1, 2 * _RIM + 1)):
        inside = functional.avg_pool2d(inside, along, 1, [width // 2 for width in along])
    inside = inside > 0.99
    if inside.sum() < _THIN * shown.sum():
        return size
    while size // 2 >= _LEAST_DETAIL:
        narrow = functional.interpolate(images[:, :3], (size // 2,) * 2, mode="area")
        again = functional.interpolate(narrow, full, mode="bicubic", align_corners=False)
        lost = (again - images[:, :3]).square().sum(1)[inside]
        if float(lost.mean().sqrt()) > _UNSEEN:
            break
        size //= 2
    return size


def _map(views: Views, index: int, largest: int) -> Tensor:
    """World normal times alpha, and alpha, of one view (1, 4, S, S), of a size that suits the
    grids: smooth up, averaged down.
    """
    picture = torch.from_numpy(views.normal[index]).permute(2, 0, 1).unsqueeze(0) / 255.0
    wanted = min(max(views.size, SMALLEST_IMAGE), largest)
    if views.size > wanted:
        solid = functional.interpolate(picture[:, :3] * picture[:, 3:], (wanted,) * 2, mode="area")
        alpha = functional.interpolate(picture[:, 3:], (wanted,) * 2, mode="area")
        picture = torch.cat([solid / alpha.clamp(min=1e-3), alpha], 1)
    rgb, alpha = picture[0, :3].permute(1, 2, 0) * 255.0, picture[:, 3:]
    normal = torch.from_numpy(np.ascontiguousarray(decode_normals(rgb.numpy())))
    maps = torch.cat([normal.permute(2, 0, 1).unsqueeze(0) * alpha, alpha], 1)
    if views.size < wanted:
        return functional.interpolate(maps, (wanted,) * 2, mode="bicubic", align_corners=False)
    return maps
