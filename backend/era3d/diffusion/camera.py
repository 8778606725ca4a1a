# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EFReg: estimate elevation and focal length of the input photo from the network's own features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ResidualLayer(nn.Module):
    """``silu(W2 silu(W1 x) + x)``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, width)
        self.linear2 = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, width)`` to ``(n, width)``."""
        return F.silu(self.linear2(F.silu(self.linear1(x))) + x)


class Regressor(nn.Module):
    """A small multilayer perceptron that reads one number from a feature vector."""

    def __init__(self, in_features: int, width: int, layers: int) -> None:
        super().__init__()
        self.linear_in = nn.Sequential(nn.Linear(in_features, width), nn.SiLU())
        self.blocks = nn.ModuleList([ResidualLayer(width) for _ in range(layers)])
        self.linear_out = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, in_features)`` to ``(n, 1)``."""
        x = self.linear_in(x)
        for block in self.blocks:
            x = block(x)
        return self.linear_out(x)


def pool_pairs(features: Tensor) -> Tensor:
    """Average feature maps over the image and put each normal map beside its colour image.

    ``(2 * pairs, channels, height, width)`` becomes ``(pairs, 2 * channels)``. Detached: the camera
    estimate may read the features but must not shape them.
    """
    pooled = features.detach().mean(dim=(2, 3))
    return torch.cat(pooled.chunk(2, dim=0), dim=1)


def pose_code(pose: Tensor) -> Tensor:
    """Encode ``(groups, 2)`` as ``[sin e, sin f, cos e, cos f]``, ``(groups, 4)``."""
    return torch.cat([pose.sin(), pose.cos()], dim=1)


def repeat_groups(per_group: Tensor, views: int) -> Tensor:
    """Give every image its group's row: ``(groups, n)`` to ``(2 * groups * views, n)``."""
    return per_group.repeat_interleave(views, dim=0).repeat(2, 1)
