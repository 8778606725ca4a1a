# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give every face of a mesh a place in the texture."""

import numpy as np

from era3d.mesh import TriangleMesh
from era3d.texture.atlas import Atlas
from era3d.texture.charts import cut_into_charts
from era3d.texture.packing import pack


def unwrap(mesh: TriangleMesh, size: int) -> Atlas:
    """Cut a mesh into charts and pack them; no face overlaps another.

    Parameters
    ----------
    mesh : TriangleMesh
        With at least one face; need not be closed or free of degenerate faces.
    size : int
        Width and height of the texture in texels.

    Returns
    -------
    Atlas
    """
    charts = cut_into_charts(mesh)
    uv = pack(charts.outline, charts.chart, size)
    key = (charts.chart[:, None] * len(mesh.vertices) + mesh.faces).reshape(-1)
    _, first, faces = np.unique(key, return_index=True, return_inverse=True)
    return Atlas(
        mesh.faces.reshape(-1)[first].astype(np.int32),
        uv.reshape(-1, 2)[first].astype(np.float32).clip(0.0, 1.0),
        faces.reshape(-1, 3).astype(np.int32),
    )
