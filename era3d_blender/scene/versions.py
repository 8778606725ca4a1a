# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier results of a job: kept beside the shown one, switchable, removable."""

from __future__ import annotations

import bpy

from .material import Look, build_material, show_look
from .roots import JOB_KEY, mesh_of


def add_version(
    root: bpy.types.Object,
    mesh: bpy.types.Mesh,
    look: Look,
    coverage: bpy.types.Image | None = None,
    contents: str = "",
) -> None:
    """Keep a result as the newest version of an imported job and show it."""
    if not root.era3d.versions and mesh_of(root).data != mesh:
        _keep_what_is_there(root)
    version = root.era3d.versions.add()
    version.name = f"{mesh_number(root)}"
    version.mesh, version.coverage = mesh, coverage
    version.texture, version.normal_map = look.texture, look.normal_map
    version.job, version.contents = str(root[JOB_KEY]), contents
    version.seed = str(root.get("era3d_seed", ""))
    show_version(root, len(root.era3d.versions) - 1)


def mesh_number(root: bpy.types.Object) -> int:
    """Return the number of the next version: one more than any so far."""
    numbers = [int(v.name) for v in root.era3d.versions if v.name.isdigit()]
    return max(numbers, default=0) + 1


def show_version(root: bpy.types.Object, index: int) -> None:
    """Show a version: its mesh takes the artist's materials, whose nodes of ours follow."""
    version, thing = root.era3d.versions[index], mesh_of(root)
    look, mesh = Look(version.texture, version.normal_map), version.mesh
    if thing.data != mesh:
        mesh.materials.clear()
        for material in thing.data.materials:
            mesh.materials.append(material)
        thing.data = mesh
    if not any(mesh.materials):
        mesh.materials.append(build_material(thing.name, look))
    for material in filter(None, mesh.materials):
        show_look(material, look)
    root.era3d.version = index


def remove_versions(root: bpy.types.Object, indices: list[int]) -> int:
    """Remove versions, never the shown one, with what nothing else uses; return how many."""
    shown = root.era3d.version
    doomed = sorted({i for i in indices if i != shown and 0 <= i < len(root.era3d.versions)})
    for index in reversed(doomed):
        version = root.era3d.versions[index]
        blocks = [version.mesh, version.texture, version.normal_map, version.coverage]
        root.era3d.versions.remove(index)
        _remove_unused([block for block in blocks if block is not None])
    root.era3d.version = shown - sum(index < shown for index in doomed)
    return len(doomed)


def describe(version: bpy.types.PropertyGroup) -> str:
    """Return a version in a few words."""
    faces = f"{len(version.mesh.polygons):,} faces" if version.mesh else "mesh is gone"
    return ", ".join(filter(None, [version.seed and f"seed {version.seed}", faces]))


def _keep_what_is_there(root: bpy.types.Object) -> None:
    """Make a version of a result that was imported before there were versions."""
    from .material import NORMAL_NODE, TEXTURE_NODE

    thing = mesh_of(root)
    if thing is None or not thing.data.polygons:
        return
    version = root.era3d.versions.add()
    version.name, version.mesh, version.job = "1", thing.data, str(root[JOB_KEY])
    version.seed = str(root.get("era3d_seed", ""))
    for material in filter(None, thing.data.materials):
        nodes = material.node_tree.nodes if material.node_tree else {}
        for name, role in ((TEXTURE_NODE, "texture"), (NORMAL_NODE, "normal_map")):
            if nodes.get(name) is not None:
                setattr(version, role, nodes[name].image)


def _remove_unused(blocks: list[bpy.types.ID]) -> None:
    for block in blocks:
        if block.users == 0 and block.library is None:
            kind = bpy.data.meshes if isinstance(block, bpy.types.Mesh) else bpy.data.images
            kind.remove(block)
