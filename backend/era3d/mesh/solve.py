# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One outer step: the field whose slopes fit the evidence best, by conjugate gradients."""

from collections.abc import Callable

import torch
from torch import Tensor

from era3d.mesh.evidence import Evidence
from era3d.mesh.grid import Band
from era3d.mesh.pins import Pins

_HULL = 20.0
# The residual need not fall further, as a share of its start; it is looked at every few steps.
_CLOSE_ENOUGH, _LOOK_EVERY = 2e-3, 4


def solve(
    band: Band,
    phi: Tensor,
    evidence: Evidence,
    hull: Tensor,
    keep: Tensor,
    pins: Pins,
    reach: int,
) -> Tensor:
    """Minimise slope, keep, hull and rim terms over the band.

    The energy is, with lengths in voxels: over edges ij of the lattice W (phi_j - phi_i - T)^2;
    over points keep (phi - phi_old)^2, hull (phi - phi_hull)^2 where phi is below it, and at the
    pins weight (phi - wanted)^2.

    Parameters
    ----------
    band : Band
    phi : (N,) float32
    evidence : Evidence
    hull : (N,) float32
        The hull's distance, voxels; the surface should not leave the hull.
    keep : (N,) float32
        How much a point keeps to its `phi`.
    pins : Pins
    reach : int
        How many voxels away a demand is felt at most: as many steps are taken.

    Returns
    -------
    (N,) float32
    """
    edge, flow = _edges(band, evidence)
    outside = (phi < hull).float() * _HULL
    pinned = torch.zeros_like(phi).index_add_(0, pins.index, pins.weight)
    pull = torch.zeros_like(phi).index_add_(0, pins.index, pins.weight * pins.wanted)
    diagonal = edge.sum(0) + keep + outside + pinned
    target = keep * phi + outside * hull + pull + flow

    def apply(x: Tensor) -> Tensor:
        product = diagonal * x
        for weight, neighbour in zip(edge, band.around(x, 0.0), strict=True):
            product.addcmul_(weight, neighbour, value=-1.0)
        return product

    return _conjugate_gradients(apply, target, phi, diagonal, reach)


def _edges(band: Band, evidence: Evidence) -> tuple[Tensor, Tensor]:
    """Weight (6, N) of each point's edges, and what their wanted slopes add to its right side."""
    around = band.around(evidence.weight, -1.0)
    edge = torch.where(around >= 0.0, (around + evidence.weight) / 2.0, 0.0)
    flow = torch.zeros_like(evidence.weight)
    for axis, slope in enumerate(evidence.slope.T.contiguous()):
        ahead, behind = band.around(slope, 0.0)[2 * axis : 2 * axis + 2]
        flow += (edge[2 * axis + 1] * (behind + slope) - edge[2 * axis] * (ahead + slope)) / 2.0
    return edge, flow


def _conjugate_gradients(
    apply: Callable[[Tensor], Tensor],
    target: Tensor,
    start: Tensor,
    diagonal: Tensor,
    most_steps: int,
) -> Tensor:
    x = start.clone()
    residual = target - apply(x)
    scaled = residual / diagonal
    direction = scaled.clone()
    strength = residual @ scaled
    enough = _CLOSE_ENOUGH**2 * strength
    for count in range(most_steps):
        if count % _LOOK_EVERY == 0 and strength <= enough:
            break
        image = apply(direction)
        step = strength / (direction @ image).clamp(min=1e-20)
        x += step * direction
        residual -= step * image
        scaled = residual / diagonal
        following = residual @ scaled
        direction = scaled + following / strength.clamp(min=1e-20) * direction
        strength = following
    return x
