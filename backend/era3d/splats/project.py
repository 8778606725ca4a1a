# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaussians in space to Gaussians in a picture."""

from typing import NamedTuple

import torch
from torch import Tensor

from era3d.lens import Lens

BLUR_PX2 = 0.3
"""Variance that every Gaussian gains in the picture, so that none falls between pixels; 3DGS."""
NEAREST = 0.01
_WIDEST = 1.3  # beyond that many half pictures the linearised perspective is not to be trusted


class Flat(NamedTuple):
    """Gaussians in the plane of a picture.

    Attributes
    ----------
    centre : (n, 2) float
        Columns and rows.
    covariance : (n, 3) float
        xx, xy, yy in square pixels.
    depth : (n,) float
        Along the camera's axis, units.
    """

    centre: Tensor
    covariance: Tensor
    depth: Tensor

    def conic(self) -> Tensor:
        """Inverse covariances (n, 3): xx, xy, yy."""
        xx, xy, yy = self.covariance.unbind(1)
        determinant = (xx * yy - xy * xy).clamp(min=1e-12)
        return torch.stack([yy, -xy, xx], 1) / determinant[:, None]


def rotation_matrices(quaternions: Tensor) -> Tensor:
    """Matrices (n, 3, 3) of quaternions (n, 4) w, x, y, z of any length."""
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=1).unbind(1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, 1).view(-1, 3, 3)


def project(means: Tensor, quaternions: Tensor, log_scales: Tensor, lens: Lens) -> Flat:
    """Project Gaussians: exactly for an orthographic camera, else linearised at each centre.

    Zwicker et al., EWA splatting (2002).

    Parameters
    ----------
    means : (n, 3) float
        World frame.
    quaternions : (n, 4) float
        w, x, y, z.
    log_scales : (n, 3) float
    lens : Lens

    Returns
    -------
    Flat
    """
    matrix = torch.as_tensor(lens.world_to_camera, dtype=means.dtype, device=means.device)
    seen = means @ matrix[:3, :3].T + matrix[:3, 3]
    axes = matrix[:3, :3] @ rotation_matrices(quaternions) * log_scales.exp()[:, None]
    x, y, depth = seen.unbind(1)
    if lens.orthographic:
        centre = torch.stack([lens.fx * x + lens.cx, lens.fy * y + lens.cy], 1)
        across, down = lens.fx * axes[:, 0], lens.fy * axes[:, 1]
    else:
        safe = depth.clamp(min=NEAREST)
        centre = torch.stack([lens.fx * x / safe + lens.cx, lens.fy * y / safe + lens.cy], 1)
        limit_x, limit_y = (
            _WIDEST * side / (2 * focal) * safe
            for side, focal in ((lens.width, lens.fx), (lens.height, lens.fy))
        )
        x, y = x.clamp(-limit_x, limit_x), y.clamp(-limit_y, limit_y)
        across = lens.fx * (axes[:, 0] - (x / safe)[:, None] * axes[:, 2]) / safe[:, None]
        down = lens.fy * (axes[:, 1] - (y / safe)[:, None] * axes[:, 2]) / safe[:, None]
    xx, yy = (across * across).sum(1) + BLUR_PX2, (down * down).sum(1) + BLUR_PX2
    covariance = torch.stack([xx, (across * down).sum(1), yy], 1)
    return Flat(centre, covariance, depth)
