# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second stage: a model makes six colour and six normal views of the subject.

The model runs here, or, where the request says so, in a Gradio Space.
"""

from typing import TYPE_CHECKING, Any

from era3d.files import replacing
from era3d.job import Job, Request
from era3d.stages.files import COLOR_FILES, NORMAL_FILES, store_views, write_cameras
from era3d.stages.stage import Report, Stage

if TYPE_CHECKING:
    from era3d.diffusion.pipeline import Era3DPipeline, Step
    from era3d.diffusion.result import GeneratedViews

SMALLEST_VIEW = 512
PREVIEW = "preview.png"


def _settings(request: Request) -> dict[str, Any]:
    if request.views_from:
        names = ("views_from", "seed", "steps", "guidance")
        return {name: getattr(request, name) for name in names}
    from era3d.diffusion import revision

    return {
        "revision": revision(request.model),
        "seed": request.seed,
        "quality": request.quality,
        "steps": request.steps,
        "guidance": request.guidance,
    }


def _work(job: Job, report: Report) -> dict[str, Any]:
    return _fetch(job, report) if job.request.views_from else _make(job, report)


def _fetch(job: Job, report: Report) -> dict[str, Any]:
    """Have the views made elsewhere; each sign of life is a moment at which to stop."""
    from era3d.sources import parse_source, views_from_space

    def tell(message: str) -> None:
        if message:
            report.note(message)
        report.progress(0, 1)

    request = job.request
    views = views_from_space(
        parse_source(request.views_from),
        job.path("subject.png"),
        seed=request.seed,
        steps=request.steps,
        guidance=request.guidance,
        tell=tell,
    )
    store_views(job, views)
    write_cameras(job, None)
    return {"views_from": request.views_from, "size": views.size}


def _make(job: Job, report: Report) -> dict[str, Any]:
    from era3d.diffusion.pose import object_cells, pose_of
    from era3d.diffusion.result import views_of

    pipeline = _load(job.request)
    try:
        generated = _generate(job, report, pipeline)
        memory = pipeline.placement.as_dict()
    finally:
        pipeline.release()
    views, pose = views_of(generated, SMALLEST_VIEW), pose_of(generated)
    store_views(job, views)
    crop = job.details("prepare")["crop"]
    write_cameras(job, pose.reference_camera(crop, object_cells(views)) if pose else None)
    about = {
        "model": job.request.model,
        "revision": pipeline.revision,
        "size": pipeline.image_size,
        "sampling": generated.sampling.as_dict(),
        "memory": memory,
    }
    return about | ({"pose": pose.as_dict()} if pose else {})


def _load(request: Request) -> "Era3DPipeline":
    """Load the model for a device that has the memory; where none is enough, load nothing."""
    from era3d.devices import choose
    from era3d.diffusion import memory, model_folder
    from era3d.diffusion.warm import load_warm

    sizes = memory.sizes_in(model_folder(request.model))
    plan = memory.plan(choose(request.device), sizes, request.vram_limit)
    return load_warm(request.model, plan.dtype).place(plan)


def _generate(job: Job, report: Report, pipeline: "Era3DPipeline") -> "GeneratedViews":
    from PIL import Image

    from era3d.diffusion.pipeline import LOOK_EVERY
    from era3d.diffusion.preview import contact_sheet
    from era3d.prepare import compose_on_white

    def show(step: "Step") -> None:
        if step.index % LOOK_EVERY == 0:
            with replacing(job.path(PREVIEW)) as path:
                contact_sheet(pipeline.codec, step.clean).save(path)
            report.preview(PREVIEW)

    with Image.open(job.path("subject.png")) as subject:
        picture = compose_on_white(subject.convert("RGBA"))
    request = job.request
    return pipeline(
        picture,
        quality=request.quality,
        steps=request.steps,
        guidance=request.guidance,
        seed=request.seed,
        progress=report.progress,
        on_step=show,
    )


VIEWS = Stage(
    "views",
    ("subject.png",),
    lambda _: ("cameras.json", *NORMAL_FILES, *COLOR_FILES),
    _settings,
    _work,
)
