# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Gaussian touches which pixel, from front to back."""

from typing import NamedTuple

import torch
from torch import Tensor

from era3d.lens import Lens
from era3d.splats.project import NEAREST, Flat

FAINTEST = 1 / 255
"""An opacity that changes no pixel of an 8-bit picture is not drawn."""
OPAQUE = 0.999
DARKEST = 1e-4
"""A pixel ends before the Gaussian that would leave so little transmittance, as in 3DGS."""


class Fragments(NamedTuple):
    """Pairs of pixel and Gaussian, sorted by pixel, then from front to back.

    Attributes
    ----------
    pixel, gaussian : (m,) int64
        The pixel counts row by row.
    first : (m,) int64
        Where the pairs of the same pixel begin.
    """

    pixel: Tensor
    gaussian: Tensor
    first: Tensor


@torch.no_grad()
def fragments_of(flat: Flat, opacity: Tensor, lens: Lens, slack: float = 1.0) -> Fragments:
    """Find what is drawn: no pair fainter than `FAINTEST`, nor where a pixel turns opaque.

    Parameters
    ----------
    flat : Flat
    opacity : (n,) float
        0..1.
    lens : Lens
    slack : float
        Pairs fainter and darker by this factor are kept, for a plan that must hold for a while.

    Returns
    -------
    Fragments
    """
    reach = 2 * (opacity * slack / FAINTEST).clamp(min=1).log()
    drawn = reach > 0 if lens.orthographic else (reach > 0) & (flat.depth > NEAREST)
    order = torch.where(drawn, flat.depth, torch.inf).argsort(stable=True)[: int(drawn.sum())]
    conic = flat.conic()
    row_owner, row, low, high = _rows(flat, conic, reach, order, lens)
    count = (high - low + 1).clamp(min=0)
    owner, offset = _count_up(count)
    pixel = (row * lens.width + low)[owner] + offset
    pixel, sorting = torch.sort(pixel, stable=True)
    gaussian = row_owner[owner[sorting]]
    first = _first_of_runs(pixel)
    alpha = alphas(flat, conic, opacity, pixel, gaussian, lens.width)
    light = transmittance(alpha, first)
    # What ends a pixel now may leave light a little later, so a plan keeps it.
    lit = light >= DARKEST / slack if slack > 1 else light * (1 - alpha) > DARKEST
    pixel, gaussian = pixel[lit], gaussian[lit]
    return Fragments(pixel, gaussian, _first_of_runs(pixel))


def alphas(
    flat: Flat, conic: Tensor, opacity: Tensor, pixel: Tensor, gaussian: Tensor, width: int
) -> Tensor:
    """Opacity (m,) of Gaussians at the centres of pixels."""
    table = torch.cat([flat.centre, conic, opacity[:, None]], 1)
    x, y, xx, xy, yy, strength = table.index_select(0, gaussian).unbind(1)
    across, down = pixel % width + 0.5 - x, pixel // width + 0.5 - y
    power = 0.5 * (xx * across * across + yy * down * down) + xy * across * down
    return (strength * torch.exp(-power)).clamp(max=OPAQUE)


def transmittance(alpha: Tensor, first: Tensor) -> Tensor:
    """Share (m,) of light that comes through to each pair from the front of its pixel."""
    # The running sum covers the whole picture, which single precision would not bear.
    through = torch.log1p(-alpha.double())
    before = through.cumsum(0) - through
    return torch.exp(before - before.index_select(0, first)).to(alpha.dtype)


def _rows(
    flat: Flat, conic: Tensor, reach: Tensor, order: Tensor, lens: Lens
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Runs of pixels that ellipses cover, nearest first: owner, row, first and last column."""
    tall = (reach * flat.covariance[:, 2]).sqrt()
    top = (flat.centre[:, 1] - tall - 0.5).ceil().clamp(0, lens.height).long()
    bottom = (flat.centre[:, 1] + tall - 0.5).floor().clamp(-1, lens.height - 1).long()
    owner, offset = _count_up((bottom - top + 1).clamp(min=0)[order])
    owner = order[owner]
    row = top[owner] + offset
    down = row + 0.5 - flat.centre[owner, 1]
    xx, xy, yy = conic[owner].unbind(1)
    # Half the width of the ellipse in this row, about its own middle.
    half = ((xy * down) ** 2 - xx * (yy * down**2 - reach[owner])).clamp(min=0).sqrt() / xx
    middle = flat.centre[owner, 0] - xy * down / xx
    low = (middle - half - 0.5).ceil().clamp(0, lens.width).long()
    high = (middle + half - 0.5).floor().clamp(-1, lens.width - 1).long()
    return owner, row, low, high


def _count_up(count: Tensor) -> tuple[Tensor, Tensor]:
    """For counts (2, 3): owners (0, 0, 1, 1, 1) and positions within (0, 1, 0, 1, 2)."""
    owner = torch.arange(len(count), device=count.device).repeat_interleave(count)
    before = count.cumsum(0) - count
    return owner, torch.arange(len(owner), device=count.device) - before[owner]


def _first_of_runs(values: Tensor) -> Tensor:
    """Index (m,) at which the run of equal values begins that each value belongs to."""
    fresh = torch.ones_like(values, dtype=torch.bool)
    fresh[1:] = values[1:] != values[:-1]
    index = torch.arange(len(values), device=values.device)
    return torch.where(fresh, index, 0).cummax(0).values
