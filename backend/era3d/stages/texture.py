# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last stage: paint the mesh with the colours of the views and export it."""

from typing import TYPE_CHECKING, Any

from era3d.files import replacing
from era3d.job import Job, Request
from era3d.stages.files import COLOR_FILES, NORMAL_FILES
from era3d.stages.stage import Report, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MESH, _COLOR, _NORMAL, _COVERAGE = "mesh.glb", "texture.png", "normal_map.png", "coverage.png"


def _outputs(request: Request) -> tuple[str, ...]:
    if request.texture == "vertex":
        return (_MESH,)
    return (_MESH, _COLOR, _COVERAGE, *([_NORMAL] if request.normal_map else []))


def _settings(request: Request) -> dict[str, Any]:
    settings = {"texture": request.texture, "view_weights": list(request.view_weights)}
    if request.texture == "vertex":
        return settings
    return settings | {"size": request.texture_size, "normal_map": request.normal_map}


def _work(job: Job, report: Report) -> dict[str, Any]:
    from era3d.export import write_glb
    from era3d.mesh import read_ply
    from era3d.texture import ColoredMesh, TexturedMesh, TextureSettings, bake, paint_vertices
    from era3d.views import load_views

    request = job.request
    mesh, views = read_ply(job.path("surface.ply")), load_views(job.path("views"))
    settings = TextureSettings(request.texture_size, request.normal_map, request.view_weights)
    painted: TexturedMesh | ColoredMesh
    if request.texture == "vertex":
        painted = paint_vertices(mesh, views, settings, report.progress)
        pictures = {}
    else:
        painted = bake(mesh, views, settings, report.progress)
        pictures = {
            _COLOR: painted.image,
            _COVERAGE: painted.coverage,
            _NORMAL: painted.normal_map,
        }
    for name in (_COLOR, _COVERAGE, _NORMAL):
        _save_or_remove(job, name, pictures.get(name))
    with replacing(job.path(_MESH)) as path:
        write_glb(path, painted)
    return {"vertices": len(painted.vertices), "faces": len(painted.faces)}


def _save_or_remove(job: Job, name: str, picture: "NDArray[np.uint8] | None") -> None:
    """Write a picture, or take away the one of an earlier run that no longer fits the mesh."""
    from PIL import Image

    if picture is None:
        job.path(name).unlink(missing_ok=True)
        return
    with replacing(job.path(name)) as path:
        Image.fromarray(picture).save(path)


TEXTURE = Stage("texture", ("surface.ply", *NORMAL_FILES, *COLOR_FILES), _outputs, _settings, _work)
