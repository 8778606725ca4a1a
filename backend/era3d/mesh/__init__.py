# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From six views to a closed triangle mesh."""

from era3d.mesh.methods import fuse, register_method
from era3d.mesh.settings import MeshSettings
from era3d.mesh.triangle_mesh import TriangleMesh, read_ply, write_ply

__all__ = ["MeshSettings", "TriangleMesh", "fuse", "read_ply", "register_method", "write_ply"]
