# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller may choose about the mesh."""

from dataclasses import dataclass

from era3d.errors import InputError


@dataclass(frozen=True)
class MeshSettings:
    """Settings of `era3d.mesh.fuse`.

    Attributes
    ----------
    cells : int
        Voxels on the object's longest side in the finest grid, 64 to 384.
    target_faces : int
        The mesh is decimated to about this many triangles; 0 keeps them all.
    """

    cells: int = 176
    target_faces: int = 30_000

    def __post_init__(self) -> None:
        if not 64 <= self.cells <= 384:
            raise InputError(f"cells must be 64 to 384, not {self.cells}.")
        if self.target_faces and self.target_faces < 100:
            raise InputError(f"target_faces must be 0 or at least 100, not {self.target_faces}.")
