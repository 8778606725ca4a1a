# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""After the last stage, where it is asked for: Gaussian splats on the painted mesh."""

from typing import Any

from era3d.files import replacing
from era3d.job import Job, Request
from era3d.stages.files import COLOR_FILES, NORMAL_FILES
from era3d.stages.stage import Report, Stage

_FILE = "splats.ply"


def _settings(request: Request) -> dict[str, Any]:
    return {"seed": request.seed}


def _work(job: Job, report: Report) -> dict[str, Any]:
    from era3d.devices import for_geometry, release_memory
    from era3d.export import read_glb
    from era3d.splats import write_splat_ply
    from era3d.splats.cuda import NO_GSPLAT, lacks_gsplat
    from era3d.splats.reconstruct import splats_of
    from era3d.views import load_views

    request = job.request
    mesh, views = read_glb(job.path("mesh.glb")), load_views(job.path("views"))
    device = for_geometry(request.device)
    if lacks_gsplat(device):
        report.note(NO_GSPLAT)
    try:
        gaussians = splats_of(mesh, views, request.seed, report.progress, device)
    finally:
        release_memory(device)
    with replacing(job.path(_FILE)) as path:
        write_splat_ply(path, gaussians)
    return {"gaussians": len(gaussians)}


SPLATS = Stage(
    "splats",
    ("mesh.glb", *NORMAL_FILES, *COLOR_FILES),
    lambda _: (_FILE,),
    _settings,
    _work,
)
