# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the mesh that a method makes to the one that was asked for: detail, triangles, symmetry."""

import warnings
from collections.abc import Callable
from dataclasses import replace

from era3d.errors import ViewWarning
from era3d.mesh.decimate import decimate
from era3d.mesh.detail import add_detail
from era3d.mesh.observations import observe
from era3d.mesh.remesh import edge_length_for, remesh
from era3d.mesh.settings import MeshSettings
from era3d.mesh.symmetry import (
    find_mirror_plane,
    mirror_views,
    mirror_weights,
    overlap_with_mirror,
    symmetrise,
)
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.trust import agree
from era3d.progress import Progress
from era3d.views import Views

Method = Callable[[Views, MeshSettings, Progress], TriangleMesh]

# Silhouettes of one object and its mirror image overlap less only if it has a turned pose.
_LEAST_OVERLAP = 0.9


def fuse_symmetric(
    method: Method, views: Views, settings: MeshSettings, progress: Progress
) -> TriangleMesh:
    """Make a mesh that is its own mirror image in a plane x = constant, which is found.

    Warns
    -----
    ViewWarning
        If the views do not look mirrored.
    """
    plane = find_mirror_plane(views)
    overlap = overlap_with_mirror(views, plane, settings.view_weights)
    if overlap < _LEAST_OVERLAP:
        warnings.warn(
            f"Some view and its mirror image agree at {overlap:.0%} only; is the object symmetric, "
            "and does it face the front camera?",
            ViewWarning,
            stacklevel=2,
        )
    mirrored = mirror_views(views, plane, settings.view_weights)
    settings = replace(settings, view_weights=mirror_weights(settings.view_weights))
    return symmetrise(fuse_and_finish(method, mirrored, settings, progress), plane)


def fuse_and_finish(
    method: Method, views: Views, settings: MeshSettings, progress: Progress
) -> TriangleMesh:
    """Make a mesh, with detail from the normal maps and even triangles if so set.

    Views that disagree have normals that fit no single surface; they give no detail.
    """
    if not (settings.refine or settings.isotropic):
        return method(views, settings, progress)
    mesh = method(views, replace(settings, target_faces=0), progress)
    obs = observe(views, settings.view_weights)
    if settings.refine and agree(obs):
        mesh = add_detail(mesh, obs)
    wanted = settings.target_faces or len(mesh.faces)
    if settings.isotropic:
        return remesh(mesh, edge_length_for(mesh, wanted))
    return decimate(mesh, wanted)
