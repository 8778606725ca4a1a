# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a triangle mesh and six views to a mesh with a UV texture."""

from typing import TYPE_CHECKING, Any

from era3d.texture.settings import TextureSettings
from era3d.texture.textured_mesh import TexturedMesh

if TYPE_CHECKING:
    from era3d.texture.baking import bake

__all__ = ["TextureSettings", "TexturedMesh", "bake"]


def __getattr__(name: str) -> Any:
    """Import torch only when something is baked."""
    if name == "bake":
        from era3d.texture.baking import bake

        return bake
    raise AttributeError(name)
