# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From six views to a closed triangle mesh."""

from typing import TYPE_CHECKING, Any

from era3d.mesh.settings import MeshSettings
from era3d.mesh.triangle_mesh import TriangleMesh, read_ply, write_ply

if TYPE_CHECKING:
    from era3d.mesh.fusion import fuse

__all__ = ["MeshSettings", "TriangleMesh", "fuse", "read_ply", "write_ply"]


def __getattr__(name: str) -> Any:
    """Import torch only when something is fused."""
    if name == "fuse":
        from era3d.mesh.fusion import fuse

        return fuse
    raise AttributeError(name)
