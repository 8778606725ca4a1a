# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the views can be trusted, told by silhouettes that must mirror each other."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from era3d.mesh.observations import Observations

_OPPOSITE = (("front", "back"), ("right", "left"))
# Outlines of exact pictures differ by less than this share of the image.
_EXACT = 0.5 / 512
_MOST_TOLERANCE = 4.0 / 512


@dataclass(frozen=True)
class Trust:
    """What the agreement of the views allows.

    Attributes
    ----------
    tolerance : float
        World units by which the hull is widened.
    behind_vote : float
        See `era3d.mesh.carve.start_from_depths`.
    anchor : float
        Weight of stereo's depths in the level set.
    good_error : float
        Degrees of `era3d.mesh.selfcheck.normal_error` that need no stereo.
    """

    tolerance: float
    behind_vote: float
    anchor: float
    good_error: float

    def loosen(self, obs: Observations) -> Observations:
        """Observations whose silhouettes are wider by the tolerance.

        Opposite silhouettes that differ are replaced by their mean first.
        """
        if not self.tolerance:
            return obs
        distance = obs.distance.clone()
        for one, other in _pairs(obs):
            mean = (obs.distance[one] + obs.distance[other].flip(1)) / 2.0
            distance[one], distance[other] = mean, mean.flip(1)
        return replace(obs, distance=distance, tolerance=self.tolerance)


def estimate_trust(obs: Observations) -> Trust:
    """Tell exact views from ones that disagree."""
    error = mirror_error(obs)
    if error < _EXACT:
        return Trust(tolerance=0.0, behind_vote=0.05, anchor=5.0, good_error=4.5)
    tolerance = min(error, _MOST_TOLERANCE)
    return Trust(tolerance=tolerance, behind_vote=0.3, anchor=0.5, good_error=12.0)


def mirror_error(obs: Observations) -> float:
    """Mean distance, world units, between outlines that should be mirror images; 0 if unknown."""
    errors = []
    for one, other in _pairs(obs):
        first, second = obs.distance[one], obs.distance[other].flip(1)
        errors.append(torch.cat([_along(first, second), _along(second, first)]).mean())
    return float(torch.stack(errors).max()) if errors else 0.0


def _pairs(obs: Observations) -> list[tuple[int, int]]:
    """Indices of the views that look at each other."""
    pairs = [pair for pair in _OPPOSITE if set(pair) <= set(obs.names)]
    return [(obs.names.index(one), obs.names.index(other)) for one, other in pairs]


def _along(outline: Tensor, other: Tensor) -> Tensor:
    """How far off the other outline is at the pixels on one."""
    return (outline - other).abs()[outline.abs() < 1.0 / outline.shape[-1]]
