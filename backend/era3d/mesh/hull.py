# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual hull: where every silhouette admits the object."""

import torch
from torch import Tensor

from era3d.mesh.observations import Observations, sample

# Fine lattices have millions, and each takes a hundred times the memory of its distance.
_POINTS_AT_ONCE = 1 << 18


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
    outline = outline_distances(points, observations)
    return (outline - observations.tolerance[:, None]).amax(0)


def outline_distances(points: Tensor, observations: Observations) -> Tensor:
    """Signed distance (V, N), world units, of points' projections to each view's silhouette."""
    distances = []
    for part in points.split(_POINTS_AT_ONCE):
        right, up, _ = observations.project(part)
        seen = sample(observations.distance.unsqueeze(1), right, up)[:, 0]
        # Beyond the images there is nothing, whatever their border pixels hold.
        distances.append(torch.maximum(seen, torch.maximum(right.abs(), up.abs()) - 0.5))
    return torch.cat(distances, 1)
