# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain, slow twins of the mesher's fast parts: loops over dictionaries, one equation at a time."""

import numpy as np

from era3d.mesh import rowmatch
from era3d.mesh.solve import _HULL

STEPS = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]


def minimise(cells, phi, evidence, hull, keep, pins):
    """The field (N,) of least energy, its equations written out and solved as they stand."""
    index = {tuple(cell): k for k, cell in enumerate(cells.tolist())}
    matrix, right = np.zeros((len(cells), len(cells))), np.zeros(len(cells))

    def demand(coefficients, wanted, weight):
        """Add weight * (sum of coefficients * unknowns - wanted)^2 to the energy."""
        for i, a in coefficients.items():
            right[i] += weight * a * wanted
            for j, b in coefficients.items():
                matrix[i, j] += weight * a * b

    for cell, k in index.items():
        demand({k: 1.0}, phi[k], keep[k])
        if phi[k] < hull[k]:
            demand({k: 1.0}, hull[k], _HULL)
        for axis in range(3):
            other = index.get(tuple(np.add(cell, STEPS[2 * axis])))
            if other is not None:
                slope = (evidence.slope[k, axis] + evidence.slope[other, axis]) / 2.0
                weight = (evidence.weight[k] + evidence.weight[other]) / 2.0
                demand({other: 1.0, k: -1.0}, float(slope), float(weight))
    for k, wanted, weight in zip(pins.index, pins.wanted, pins.weight, strict=True):
        demand({int(k): 1.0}, float(wanted), float(weight))
    return np.linalg.solve(matrix, right)


def nearest_costs(images, view, row, column, known=None):
    """Cost (D,) of each depth of one pixel, from the definition; `images` are `RowImages`."""
    size, axes = images.size, images.axes.numpy()
    normal = images.normal.numpy()
    here, costs = normal[view, row, column], []
    for index in range(images.bins):
        depth = float(images.bin_depth(index))
        across = (column + 0.5) / size - 0.5
        point = across * axes[view, 0] - depth * axes[view, 2]
        total = rowmatch._FEW if known else rowmatch._NONE
        worth = total * rowmatch._UNKNOWN
        outside, seen_past = -np.inf, 0.0
        for other in range(len(axes)):
            if other == view:
                continue
            there = np.clip((point @ axes[other, 0] + 0.5) * size - 0.5, 0, size - 1)
            left = min(int(there), size - 2)
            share = there - left
            blend = (1 - share) * normal[other, row, left] + share * normal[other, row, left + 1]
            outline = images.outline[other, row].numpy()
            outside = max(outside, (1 - share) * outline[left] + share * outline[left + 1])
            weight = here @ axes[other, 2]
            weight = weight if weight > rowmatch._LEAST_FACING else 0.0
            if known:
                nearest = int(there + 0.5)
                behind = -point @ axes[other, 2] - float(known.depth[other, row, nearest])
                sure = min(max(abs(behind) / rowmatch._APART - 1.0, 0.0), 1.0)
                sure *= float(known.weight[other, row, nearest])
                weight *= 1.0 - sure * (behind > 0)
                seen_past = max(seen_past, sure * (behind < 0))
            worth += weight * min(np.linalg.norm(here - blend), rowmatch._WORST_MATCH)
            total += weight
        cost = worth / total + rowmatch._SEEN_PAST * seen_past + rowmatch._PREFER_NEAR * depth
        costs.append(cost + rowmatch.FORBIDDEN * (outside > 0.5))
    return np.array(costs)


def surroundings(shape, chosen, rings):
    """Cells within `rings` steps of the chosen ones, off the lattice's border, in order."""
    reached = set(chosen)
    for _ in range(rings):
        reached |= {tuple(np.add(cell, step)) for cell in reached for step in STEPS}
    return sorted(
        cell for cell in reached if all(0 < c < n - 1 for c, n in zip(cell, shape, strict=True))
    )
