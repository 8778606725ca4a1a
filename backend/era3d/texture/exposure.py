# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One gain per view and channel, from what several views see of the same points."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from era3d.cameras import VIEWS
from era3d.texture.sources import Source, Surface

# Of the logarithm of gains, before anything is measured.
_USUAL_GAIN = 0.1
# Darker or lighter colours tell little about a gain.
_DARK, _LIGHT = 0.06, 0.98
# Views that differ by more, in logarithms, show different things there.
_LARGEST_STEP = 0.3
_LEAST_CONFIDENCE = 0.5
_LEAST_POINTS = 40
# Neighbouring points see the same error, so as many points count as one measurement.
_ALIKE = 30


def estimate_gains(sources: Sequence[Source], surface: Surface) -> NDArray[np.float32]:
    """What to multiply each view's colours by so that views agree where they overlap.

    For each pair of views the median of the logarithms of their ratio, which outliers do not move,
    is one equation; least squares solves them all. Gains that nothing tells about stay 1, and the
    overall brightness stays as it is.

    Parameters
    ----------
    sources : sequence of Source
    surface : Surface
        Points spread over the object, vertices for example.

    Returns
    -------
    (6, 3) float32
        In the order of `era3d.cameras.VIEWS`.
    """
    color = np.full((len(VIEWS), len(surface.points), 3), np.nan, np.float32)
    for source in sources:
        sighting = source.look_up(surface)
        values = source.color_at(sighting)
        useful = (sighting.confidence > _LEAST_CONFIDENCE * source.share)[:, None]
        useful = useful & (values > _DARK) & (values < _LIGHT)
        color[source.index, sighting.seen] = np.where(useful, values, np.nan)
    logs = np.log(color)
    gains = np.ones((len(VIEWS), 3), np.float32)
    for channel in range(3):
        gains[:, channel] = np.exp(_solve(logs[..., channel]))
    return gains


def _solve(logs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logarithms of gains (6,) from those of one channel (6, N), which are NaN where not known."""
    count = len(logs)
    system = np.eye(count) / _USUAL_GAIN**2
    right = np.zeros(count)
    for one, other in combinations(range(count), 2):
        difference = logs[other] - logs[one]
        difference = difference[np.abs(difference) < _LARGEST_STEP]
        if len(difference) < _LEAST_POINTS:
            continue
        typical = float(np.median(difference))
        spread = 1.5 * float(np.median(np.abs(difference - typical))) + 0.002
        weight = len(difference) / _ALIKE / spread**2
        step = np.zeros(count)
        step[one], step[other] = 1, -1
        system += weight * np.outer(step, step)
        right += weight * typical * step
    return np.asarray(np.linalg.solve(system, right), np.float64)
