# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last stage: bake the colours of the views onto the mesh and export it."""

from typing import Any

from era3d.job import Job, Request, replacing
from era3d.stages.files import COLOR_FILES, NORMAL_FILES
from era3d.stages.stage import Report, Stage


def _settings(request: Request) -> dict[str, Any]:
    return {"size": request.texture_size}


def _work(job: Job, report: Report) -> dict[str, Any]:
    from PIL import Image

    from era3d.export import write_glb
    from era3d.mesh import read_ply
    from era3d.texture import TextureSettings, bake
    from era3d.views import load_views

    mesh, views = read_ply(job.path("surface.ply")), load_views(job.path("views"))
    settings = TextureSettings(size=job.request.texture_size)
    textured = bake(mesh, views, settings, report.progress)
    with replacing(job.path("texture.png")) as path:
        Image.fromarray(textured.image).save(path)
    with replacing(job.path("mesh.glb")) as path:
        write_glb(path, textured)
    return {"vertices": len(textured.vertices), "faces": len(textured.faces)}


TEXTURE = Stage(
    "texture",
    ("surface.ply", *NORMAL_FILES, *COLOR_FILES),
    lambda _: ("texture.png", "mesh.glb"),
    _settings,
    _work,
)
