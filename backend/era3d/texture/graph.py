# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh as a graph of vertices joined by edges."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array


def edges_of(faces: NDArray[np.integer]) -> NDArray[np.int32]:
    """Ends (e, 2) of the edges of faces (m, 3), each once; none joins a vertex to itself."""
    count = int(faces.max(initial=0)) + 1
    start = faces.astype(np.int64).ravel()
    end = np.roll(faces, -1, axis=1).astype(np.int64).ravel()
    low, high = np.minimum(start, end), np.maximum(start, end)
    # Pairs as single numbers: unique rows take three times as long.
    pairs = np.unique((low * count + high)[low != high])
    return np.stack([pairs // count, pairs % count], 1).astype(np.int32)


def laplacian(ends: NDArray[np.int32], weight: NDArray[np.float64], count: int) -> csr_array:
    """The Laplacian (count, count) of a graph with weighted edges: positive semidefinite."""
    both = np.concatenate([ends, ends[:, ::-1]])
    joined = csr_array(coo_array((np.tile(weight, 2), both.T), shape=(count, count)))
    return csr_array(diags_array(joined.sum(axis=1)) - joined)
