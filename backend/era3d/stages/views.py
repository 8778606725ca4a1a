# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second stage: the model makes six colour and six normal views of the subject."""

from typing import Any

from era3d.job import Job, Request
from era3d.stages.files import COLOR_FILES, NORMAL_FILES, store_views, write_cameras
from era3d.stages.stage import Report, Stage

SMALLEST_VIEW = 512


def _settings(request: Request) -> dict[str, Any]:
    from era3d.diffusion import revision

    return {
        "revision": revision(request.model),
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
    }


def _work(job: Job, report: Report) -> dict[str, Any]:
    import torch
    from PIL import Image

    from era3d.diffusion import load_pipeline
    from era3d.diffusion.pose import pose_of
    from era3d.diffusion.result import views_of
    from era3d.prepare import compose_on_white

    request = job.request
    with Image.open(job.path("subject.png")) as subject:
        picture = compose_on_white(subject.convert("RGBA"))
    pipeline = load_pipeline(request.model, "cuda" if torch.cuda.is_available() else "cpu")
    generated = pipeline(
        picture,
        steps=request.steps,
        guidance=request.guidance,
        seed=request.seed,
        progress=report.progress,
    )
    store_views(job, views_of(generated, SMALLEST_VIEW))
    pose, crop = pose_of(generated), job.details("prepare")["crop"]
    write_cameras(job, pose.reference_camera(crop) if pose else None)
    about = {"model": request.model, "revision": pipeline.revision, "size": pipeline.image_size}
    return about | ({"pose": pose.as_dict()} if pose else {})


VIEWS = Stage(
    "views",
    ("subject.png",),
    lambda _: ("cameras.json", *NORMAL_FILES, *COLOR_FILES),
    _settings,
    _work,
)
