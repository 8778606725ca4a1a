# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller may choose about the mesh."""

from dataclasses import dataclass

from era3d.cameras import VIEWS
from era3d.errors import InputError


@dataclass(frozen=True)
class MeshSettings:
    """Settings of `era3d.mesh.fuse`.

    Attributes
    ----------
    method : str
        ``levelset``, ``hull`` or a name given to `era3d.mesh.register_method`.
    cells : int
        Voxels on the object's longest side in the finest grid, 64 to 384; fewer where the pictures
        show no more.
    target_faces : int
        The mesh is decimated to about this many triangles; 0 keeps them all.
    view_weights : six float
        How far each view is trusted, in the order of `era3d.cameras.VIEWS`. Below 1 its normals
        count less and the object may reach beyond its silhouette; a view of 0 is left out.
    symmetric : bool
        The mesh is its own mirror image in a plane x = constant, which is found.
    refine : bool
        Vertices follow the normal maps at full size before the mesh is decimated. For exact views.
    isotropic : bool
        The triangles are nearly equilateral and of one size.
    device : str
        PyTorch's name of what the level set is computed on. One that fails gives way to the CPU.
    """

    method: str = "levelset"
    cells: int = 176
    target_faces: int = 30_000
    view_weights: tuple[float, ...] = (1.0,) * len(VIEWS)
    symmetric: bool = False
    refine: bool = False
    isotropic: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 64 <= self.cells <= 384:
            raise InputError(f"cells must be 64 to 384, not {self.cells}.")
        if self.target_faces and self.target_faces < 100:
            raise InputError(f"target_faces must be 0 or at least 100, not {self.target_faces}.")
        fits = all(0.0 <= weight <= 1.0 for weight in self.view_weights)
        if len(self.view_weights) != len(VIEWS) or not fits:
            raise InputError(
                f"view_weights must be six numbers from 0 to 1, not {self.view_weights}."
            )
