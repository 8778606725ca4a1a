# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a triangle mesh and six views to a painted mesh: a UV texture or vertex colours."""

from typing import TYPE_CHECKING, Any

from era3d.texture.settings import TextureSettings
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

if TYPE_CHECKING:
    from era3d.texture.baking import bake, paint_vertices

__all__ = ["ColoredMesh", "TextureSettings", "TexturedMesh", "bake", "paint_vertices"]


def __getattr__(name: str) -> Any:
    """Import torch only when something is painted."""
    if name in ("bake", "paint_vertices"):
        from era3d.texture import baking

        return getattr(baking, name)
    raise AttributeError(name)
