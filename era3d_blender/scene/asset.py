# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result as an asset: the object alone, in the size it has, seen from the front."""

from __future__ import annotations

import bpy
import numpy as np

from .pictures import pixels
from .roots import COLOR, camera_of, mesh_of
from .views import image_of

ASSET_KEY = "era3d_asset"  # custom property of the mesh object: the asset made of it
_PREVIEW = 256


def mark_asset(
    root: bpy.types.Object, author: str, license_note: str, tags: list[str]
) -> bpy.types.Object:
    """Make an asset of what an imported job shows, or bring the asset up to date.

    The asset is an object of its own in no scene: it shares the mesh, needs neither root nor
    cameras, and stands with the middle of its foot where it is dropped.

    Parameters
    ----------
    root : bpy.types.Object
    author, license_note : str
    tags : list of str
    """
    thing = mesh_of(root)
    asset = thing.get(ASSET_KEY)
    if not isinstance(asset, bpy.types.Object):
        asset = bpy.data.objects.new(f"{thing.name} asset", thing.data)
        thing[ASSET_KEY] = asset
    asset.data = thing.data
    asset.scale = thing.matrix_world.to_scale()
    for key in ("era3d_model", "era3d_seed", "era3d_versions"):
        if key in thing:
            asset[key] = thing[key]
    asset.asset_mark()
    about = asset.asset_data
    about.author, about.license = author, license_note
    about.description = _description(thing)
    for tag in ("era3d", *tags):
        about.tags.new(tag, skip_if_exists=True)
    _draw_preview(asset, root)
    return asset


def _description(thing: bpy.types.Object) -> str:
    model, seed = thing.get("era3d_model", ""), thing.get("era3d_seed", "")
    words = [f"Made from a picture by Era3D {model}".strip(), seed and f"seed {seed}"]
    return ", ".join(word for word in words if word)


def _draw_preview(asset: bpy.types.Object, root: bpy.types.Object) -> None:
    """Show the front view; the artist can have Blender render another."""
    camera = camera_of(root, "front")
    image = image_of(camera, COLOR) if camera else None
    if image is None:
        return
    values = pixels(image)
    rows, columns = (np.arange(_PREVIEW) * side // _PREVIEW for side in values.shape[:2])
    small = values[rows][:, columns]
    small[..., :3] *= small[..., 3:]  # previews are premultiplied
    preview = asset.preview_ensure()
    preview.image_size = (_PREVIEW, _PREVIEW)
    preview.image_pixels_float.foreach_set(np.ascontiguousarray(small).ravel())
