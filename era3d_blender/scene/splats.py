# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaussian splats in the scene: a point each, drawn as an ellipsoid by geometry nodes."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .splat_file import COLOR, PLACE, SplatFileError, check_numbers, open_splats, write_splats
from .splat_nodes import COLOR_ATTRIBUTE, splat_material, splat_nodes

SPLATS_KEY = "era3d_splats"  # custom property of an object of splats: the properties of its file
THINNED_KEY = "era3d_splats_thinned"  # every how manieth splat of the file it has
MOST_POINTS = 1_000_000
_SH_C0 = 0.28209479177387814


def import_splats(
    path: Path, collection: bpy.types.Collection, parent: bpy.types.Object | None
) -> bpy.types.Object:
    """Bring a PLY of splats into a collection; of very large ones, every second or third splat.

    Each property of the file becomes an attribute of the points with the same name.

    Raises
    ------
    SplatFileError
        When the file holds no splats.
    """
    splats = open_splats(path)
    step = -(-len(splats.rows) // MOST_POINTS)
    splats = splats.thinned(step)
    check_numbers(splats, path)
    mesh = bpy.data.meshes.new(path.stem)
    place = np.stack([splats.column(name) for name in PLACE], axis=1)
    mesh.vertices.add(len(place))
    mesh.attributes["position"].data.foreach_set("vector", place.ravel())
    for name in splats.names:
        if name not in PLACE:
            attribute = mesh.attributes.new(name, "FLOAT", "POINT")
            attribute.data.foreach_set("value", splats.column(name))
    _add_colors(mesh, np.stack([splats.column(name) for name in COLOR], axis=1))
    mesh.update()
    thing = bpy.data.objects.new(path.stem, mesh)
    thing[SPLATS_KEY], thing[THINNED_KEY] = ",".join(splats.names), step
    material = splat_material()
    mesh.materials.append(material)
    modifier = thing.modifiers.new("Splats", "NODES")
    modifier.node_group = splat_nodes(material)
    collection.objects.link(thing)
    thing.parent = parent
    return thing


def export_splats(thing: bpy.types.Object, path: Path) -> int:
    """Write the points of an object of splats, as they are now, to a PLY; return how many.

    The object's own place does not count: the file is in the frame of the job.

    Raises
    ------
    SplatFileError
        When the object has no splats, or has lost one of their attributes.
    """
    names = str(thing.get(SPLATS_KEY, "")).split(",")
    if thing.type != "MESH" or names == [""]:
        raise SplatFileError(f"{thing.name} has no splats")
    mesh = thing.data
    if not len(mesh.vertices):
        raise SplatFileError(f"{thing.name} has no points left")
    place = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.attributes["position"].data.foreach_get("vector", place)
    columns = {}
    for name in names:
        if name in PLACE:
            columns[name] = place[PLACE.index(name) :: 3]
            continue
        attribute = mesh.attributes.get(name)
        if attribute is None or attribute.data_type != "FLOAT" or attribute.domain != "POINT":
            raise SplatFileError(f"{thing.name} has lost its attribute {name}")
        columns[name] = np.empty(len(mesh.vertices), np.float32)
        attribute.data.foreach_get("value", columns[name])
    write_splats(path, columns)
    return len(mesh.vertices)


def _add_colors(mesh: bpy.types.Mesh, coefficients: np.ndarray) -> None:
    """Add what the material shows: the colour that is the same from everywhere, linear."""
    encoded = (0.5 + _SH_C0 * coefficients).clip(0.0, 1.0)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    attribute = mesh.attributes.new(COLOR_ATTRIBUTE, "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", linear.astype(np.float32).ravel())
