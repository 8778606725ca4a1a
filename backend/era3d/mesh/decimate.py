# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer triangles, still closed."""

import numpy as np

from era3d.mesh.triangle_mesh import TriangleMesh


def decimate(mesh: TriangleMesh, target_faces: int) -> TriangleMesh:
    """Collapse edges by quadric error down to about `target_faces` triangles."""
    import fast_simplification

    if len(mesh.faces) <= target_faces:
        return mesh
    points, faces = fast_simplification.simplify(
        mesh.vertices, mesh.faces, target_count=target_faces, agg=2
    )
    return TriangleMesh(points.astype(np.float32), faces.astype(np.int32))
