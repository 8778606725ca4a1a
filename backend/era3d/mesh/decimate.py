# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer triangles, still closed."""

import numpy as np

from era3d.mesh.extract import drop_specks
from era3d.mesh.intersections import untangle
from era3d.mesh.stitch import make_manifold
from era3d.mesh.triangle_mesh import TriangleMesh

# From careful to hasty: how fast the error that a collapse may make grows.
_HASTE = (2.0, 4.0, 7.0)


def decimate(mesh: TriangleMesh, target_faces: int) -> TriangleMesh:
    """Collapse edges by quadric error down to about `target_faces` triangles.

    Pieces that this separates and that are small are dropped; where faces have come to cut each
    other they are smoothed apart.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and 2-manifold.
    target_faces : int

    Returns
    -------
    TriangleMesh
        Closed and 2-manifold as well.
    """
    import fast_simplification

    points, faces = mesh.vertices, mesh.faces
    # The errors that the simplifier compares are squared lengths: give it a size of one.
    scale = np.float32(max(float(np.ptp(points, axis=0).max()), 1e-6))
    for haste in _HASTE:
        if len(faces) > 1.02 * target_faces:
            points, faces = fast_simplification.simplify(
                points / scale, faces, target_count=target_faces, agg=haste
            )
            points = points * scale
    simpler = TriangleMesh(points.astype(np.float32), faces.astype(np.int32))
    # What hung together by less than an edge is a piece of its own now.
    return untangle(drop_specks(make_manifold(simpler)))
