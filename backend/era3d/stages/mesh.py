# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The third stage: fuse the normal maps into a mesh."""

from typing import TYPE_CHECKING, Any

from era3d.files import replacing
from era3d.job import Job, Request
from era3d.stages.files import NORMAL_FILES, write_cameras
from era3d.stages.stage import Report, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _settings(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "cells": request.cells,
        "faces": request.faces,
        "view_weights": request.view_weights,
        "symmetric": request.symmetric,
        "refine": request.refine,
        "isotropic": request.isotropic,
    }


def _work(job: Job, report: Report) -> dict[str, Any]:
    from era3d.devices import for_geometry, release_memory
    from era3d.mesh import MeshSettings, fuse, write_ply
    from era3d.views import load_views

    views = load_views(job.path("views"))
    request = job.request
    settings = MeshSettings(
        method=request.method,
        cells=request.cells,
        target_faces=request.faces,
        view_weights=request.view_weights,
        symmetric=request.symmetric,
        refine=request.refine,
        isotropic=request.isotropic,
        device=for_geometry(request.device),
    )
    try:
        mesh = fuse(views, settings, report.progress)
    finally:
        release_memory(settings.device)
    with replacing(job.path("surface.ply")) as path:
        write_ply(path, mesh)
    _place_photo(job, mesh.vertices)
    return {"vertices": len(mesh.vertices), "faces": len(mesh.faces)}


def _place_photo(job: Job, vertices: "NDArray[np.float32]") -> None:
    """Move the photo's camera to where the mesh fills the box that the subject fills.

    Until there was a mesh, six outlines stood in for it.
    """
    from era3d.diffusion.pose import Pose

    pose = (job.finished("views") or {}).get("pose")
    if pose is not None:
        crop = job.details("prepare")["crop"]
        write_cameras(job, Pose(**pose).reference_camera(crop, vertices))


MESH = Stage("mesh", NORMAL_FILES, lambda _: ("surface.ply",), _settings, _work)
