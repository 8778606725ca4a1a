# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual hull: where every silhouette admits the object."""

import torch
from torch import Tensor

from era3d.mesh.observations import Observations, sample


def hull_distance(points: Tensor, observations: Observations) -> Tensor:
    """The largest silhouette distance over the views; positive outside the hull.

    Parameters
    ----------
    points : (N, 3) float32
        World frame.

    Returns
    -------
    (N,) float32
        World units. A bound of the distance to the hull from below, exact near smooth rims.
    """
    right, up, _ = observations.project(points)
    seen = (
        sample(observations.distance.unsqueeze(1), right, up)[:, 0].amax(0) - observations.tolerance
    )
    # Beyond the images there is nothing, whatever their border pixels hold.
    beyond = torch.maximum(right.abs(), up.abs()).amax(0) - 0.5
    return torch.maximum(seen, beyond)
