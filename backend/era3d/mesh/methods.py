# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to make a mesh of six views, behind one function."""

from collections.abc import Callable
from dataclasses import replace

from era3d.errors import InputError
from era3d.mesh.settings import MeshSettings
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.progress import Progress, ignore
from era3d.views import Views

Method = Callable[[Views, MeshSettings, Progress], TriangleMesh]
_DEFAULTS = MeshSettings()


def fuse(
    views: Views, settings: MeshSettings = _DEFAULTS, progress: Progress = ignore
) -> TriangleMesh:
    """Make the mesh that six views show, by the method that the settings name.

    Views that cannot be right (see `era3d.mesh.sanity`) are named in a warning and left out.

    Parameters
    ----------
    views : Views
        The alpha of the normal maps is the silhouette. Up to three may be empty.
    settings : MeshSettings
    progress : Progress

    Returns
    -------
    TriangleMesh
        World frame; watertight, 2-manifold, faces outward.

    Raises
    ------
    InputError
        If too few views show something, nothing fits all silhouettes, or no method has the name.

    Warns
    -----
    ViewWarning
        For each view that is left out, and each whose object is cut off.
    """
    from era3d.mesh.finish import fuse_and_finish, fuse_symmetric
    from era3d.mesh.sanity import weights_of_sound_views

    method = _METHODS.get(settings.method)
    if method is None:
        known = ", ".join(sorted(_METHODS))
        raise InputError(f"There is no method {settings.method} to make a mesh; choose {known}.")
    weights = weights_of_sound_views(views, settings.view_weights)
    make = fuse_symmetric if settings.symmetric else fuse_and_finish
    return make(method, views, replace(settings, view_weights=weights), progress)


def register_method(name: str, method: Method) -> None:
    """Add a way to make a mesh, or replace one.

    Parameters
    ----------
    name : str
        What `MeshSettings.method` and a job's request call it.
    method : callable
        ``method(views, settings, progress)`` returns a `TriangleMesh` in the world frame.
    """
    _METHODS[name] = method


# Heavy libraries are imported by the method that needs them.


def _levelset(views: Views, settings: MeshSettings, progress: Progress) -> TriangleMesh:
    from era3d.mesh.fusion import fuse_levelset

    return fuse_levelset(views, settings, progress)


def _hull(views: Views, settings: MeshSettings, progress: Progress) -> TriangleMesh:
    from era3d.mesh.preview import visual_hull

    return visual_hull(views, settings, progress)


_METHODS: dict[str, Method] = {"levelset": _levelset, "hull": _hull}
