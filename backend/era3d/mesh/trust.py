# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the views can be trusted: by outlines that must agree, and by normals that should."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.observations import Observations
from era3d.mesh.selfcheck import render
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.vectors import unit

_OPPOSITE = (("front", "back"), ("right", "left"))
# Outlines of exact pictures differ by less than this share of the image.
_EXACT = 0.5 / 512
_MOST_TOLERANCE = 3.0 / 512
# Degrees between the normals that two views show of one point: exact views, and ones of which
# only the gist can be trusted.
_EXACT_ANGLE, _ROUGH_ANGLE = 5.0, 8.0
_SIZE = 128
_FACING = 0.5
_SAME_DEPTH = 0.01


@dataclass(frozen=True)
class Trust:
    """What the agreement of the views allows.

    Attributes
    ----------
    behind_vote : float
        See `era3d.mesh.carve.start_from_depths`.
    anchor : float
        Weight of stereo's depths in the level set.
    good_error : float
        Degrees of `era3d.mesh.selfcheck.Check.normal_error` that need no stereo.
    firmness : float
        How much surface that no view sees keeps to where stereo's depths have carved it.
    exact : bool
        Whether the views agree as those of one solid do.
    """

    behind_vote: float
    anchor: float
    good_error: float
    firmness: float = 0.002
    exact: bool = True


def agree(obs: Observations) -> bool:
    """Whether outlines that must mirror each other do, as those of exact pictures."""
    return mirror_error(obs) < _EXACT


def loosen(obs: Observations) -> Observations:
    """Observations whose hull is as loose as their outlines differ.

    Opposite silhouettes that differ are replaced by their mean first, from which each is off by
    half of what they differ.
    """
    error = mirror_error(obs)
    if error < _EXACT:
        return obs
    distance = obs.distance.clone()
    for one, other in _pairs(obs):
        share = obs.trust[one] / (obs.trust[one] + obs.trust[other])
        mean = torch.lerp(obs.distance[other].flip(1), obs.distance[one], share)
        distance[one], distance[other] = mean, mean.flip(1)
    return replace(
        obs, distance=distance, tolerance=obs.tolerance + min(error / 2.0, _MOST_TOLERANCE)
    )


def estimate_trust(mesh: TriangleMesh, obs: Observations) -> Trust:
    """Tell exact views from ones that disagree, by what they show of a first mesh."""
    angle = normal_disagreement(mesh, obs)
    doubt = (angle - _EXACT_ANGLE) / (_ROUGH_ANGLE - _EXACT_ANGLE)
    exact = agree(obs)
    doubt = min(max(doubt, 0.0), 1.0) if exact else 1.0
    return Trust(
        behind_vote=0.05 + 0.1 * doubt,
        anchor=5.0 * 0.4**doubt,
        good_error=4.5 + 7.5 * doubt,
        exact=exact,
    )


def mirror_error(obs: Observations) -> float:
    """Mean distance, world units, between outlines that should be mirror images; 0 if unknown."""
    errors = []
    for one, other in _pairs(obs):
        first, second = obs.distance[one], obs.distance[other].flip(1)
        errors.append(torch.cat([_along(first, second), _along(second, first)]).mean())
    return float(torch.stack(errors).max()) if errors else 0.0


def normal_disagreement(mesh: TriangleMesh, obs: Observations) -> float:
    """Median angle, degrees, between the normals that pairs of views show of points of a mesh.

    Only points that both views face count; 0 where there are none.
    """
    drawn, covered, depth = render(mesh, obs, _SIZE)
    maps = functional.interpolate(obs.normal, (_SIZE, _SIZE), mode="area")
    normal = unit(maps[:, :3])
    angles = []
    for view in range(len(obs.axes)):
        row, column = (covered[view] & (maps[view, 3] > 0.9)).nonzero(as_tuple=True)
        right, up = (column + 0.5) / _SIZE - 0.5, 0.5 - (row + 0.5) / _SIZE
        where = torch.stack([right, up, -depth[view, row, column]], 1) @ obs.axes[view]
        facing = drawn[view][:, row, column].T
        there = obs.project(where)
        x = ((there[0] + 0.5) * _SIZE).long().clamp(0, _SIZE - 1)
        y = ((0.5 - there[1]) * _SIZE).long().clamp(0, _SIZE - 1)
        for other in range(view + 1, len(obs.axes)):
            to = y[other], x[other]
            both = (depth[other][to] + there[2][other]).abs() < _SAME_DEPTH
            both &= covered[other][to] & (maps[other, 3][to] > 0.9)
            both &= (facing @ obs.axes[[view, other], 2].T > _FACING).all(1)
            cosine = (normal[view][:, row, column] * normal[other][:, to[0], to[1]]).sum(0)
            angles.append(torch.rad2deg(torch.arccos(cosine[both].clamp(-1.0, 1.0))))
    every = torch.cat(angles)
    return float(every.median()) if len(every) else 0.0


def _pairs(obs: Observations) -> list[tuple[int, int]]:
    """Indices of the views that look at each other."""
    pairs = [pair for pair in _OPPOSITE if set(pair) <= set(obs.names)]
    return [(obs.names.index(one), obs.names.index(other)) for one, other in pairs]


def _along(outline: Tensor, other: Tensor) -> Tensor:
    """How far off the other outline is at the pixels on one."""
    return (outline - other).abs()[outline.abs() < 1.0 / outline.shape[-1]]
