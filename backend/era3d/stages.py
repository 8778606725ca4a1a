# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages in order: what each reads, does and writes. Read this file first.

``prepare -> views -> mesh -> texture``. A stage reads files of the job folder and writes files to
it. It is skipped when the hash of its inputs and settings is the one in job.json, so a changed file
(a painted view, say) makes exactly the stages after it run again.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from era3d.cameras import VIEWS
from era3d.errors import Cancelled, InputError
from era3d.job import (
    EventLog,
    Job,
    Request,
    clean_up,
    hash_inputs,
    replacing,
    scratch_folder,
    write_json,
)
from era3d.progress import Progress
from era3d.provenance import peak_memory_mb, versions

if TYPE_CHECKING:
    from PIL.Image import Image

    from era3d.views import Views

# Heavy libraries are imported by the stage that needs them: reading a job must stay instant.

NORMAL_FILES = tuple(f"views/normal_{view}.png" for view in VIEWS)
COLOR_FILES = tuple(f"views/color_{view}.png" for view in VIEWS)
SMALLEST_VIEW = 512


@dataclass(frozen=True)
class Stage:
    """One step of the chain.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Files of the job folder.
    settings : callable
        The part of the request (and of the installation) that the result depends on.
    work : callable
        Reads the inputs, writes the outputs, returns details for job.json.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: Callable[[Request], dict[str, Any]]
    work: Callable[[Job, Progress], dict[str, Any]]


def _prepare(job: Job, progress: Progress) -> dict[str, Any]:
    from era3d.prepare import cut_out, frame_subject, read_picture

    cut, how = cut_out(read_picture(job.path("input.png")))
    subject, crop = frame_subject(cut)
    with replacing(job.path("subject.png")) as path:
        subject.save(path)
    return {"cut_out": how, "crop": asdict(crop)}


def _views(job: Job, progress: Progress) -> dict[str, Any]:
    import torch
    from PIL import Image

    from era3d.diffusion import load_pipeline
    from era3d.diffusion.result import pose_of, views_of
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
        progress=progress,
    )
    store_views(job, views_of(generated, SMALLEST_VIEW))
    pose, crop = pose_of(generated), job.details("prepare")["crop"]
    write_cameras(job, pose.reference_camera(crop) if pose else None)
    about = {"model": request.model, "revision": pipeline.revision, "size": pipeline.image_size}
    return about | ({"pose": pose.as_dict()} if pose else {})


def _mesh(job: Job, progress: Progress) -> dict[str, Any]:
    from era3d.mesh import MeshSettings, fuse, write_ply
    from era3d.views import load_views

    views = load_views(job.path("views"))
    settings = MeshSettings(cells=job.request.cells, target_faces=job.request.faces)
    mesh = fuse(views, settings, progress)
    with replacing(job.path("surface.ply")) as path:
        write_ply(path, mesh)
    return {"vertices": len(mesh.vertices), "faces": len(mesh.faces)}


def _texture(job: Job, progress: Progress) -> dict[str, Any]:
    from PIL import Image

    from era3d.export import write_glb
    from era3d.mesh import read_ply
    from era3d.texture import TextureSettings, bake
    from era3d.views import load_views

    mesh, views = read_ply(job.path("surface.ply")), load_views(job.path("views"))
    textured = bake(mesh, views, TextureSettings(size=job.request.texture_size), progress)
    with replacing(job.path("texture.png")) as path:
        Image.fromarray(textured.image).save(path)
    with replacing(job.path("mesh.glb")) as path:
        write_glb(path, textured)
    return {"vertices": len(textured.vertices), "faces": len(textured.faces)}


def _view_settings(request: Request) -> dict[str, Any]:
    from era3d.diffusion import revision

    return {
        "revision": revision(request.model),
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
    }


STAGES = (
    Stage("prepare", ("input.png",), ("subject.png",), lambda _: {}, _prepare),
    Stage(
        "views",
        ("subject.png",),
        ("cameras.json", *NORMAL_FILES, *COLOR_FILES),
        _view_settings,
        _views,
    ),
    Stage(
        "mesh",
        NORMAL_FILES,
        ("surface.ply",),
        lambda r: {"cells": r.cells, "faces": r.faces},
        _mesh,
    ),
    Stage(
        "texture",
        ("surface.ply", *NORMAL_FILES, *COLOR_FILES),
        ("texture.png", "mesh.glb"),
        lambda r: {"size": r.texture_size},
        _texture,
    ),
)
# Six views that somebody gave need no model; they start where the model would have ended.
_FIRST_STAGE = {"picture": "prepare", "views": "mesh"}


def run(job: Job, again_from: str | None = None, log: EventLog | None = None) -> None:
    """Run the stages of a job that are not up to date.

    Parameters
    ----------
    job : Job
    again_from : str, optional
        Run this stage and those after it even if nothing changed; do not touch earlier ones.
    log : EventLog, optional
        Where events go; by default events.jsonl of the job.

    Raises
    ------
    InputError, Cancelled, KeyboardInterrupt
        After the event ``failed`` or ``cancelled``; finished stages stay finished.
    """
    log = log or job.events()
    clean_up(job.folder)
    started = time.monotonic()
    stage = None
    try:
        for stage in stages_of(job.request, again_from):
            if again_from is not None:
                job.forget(stage.name)
            _run_stage(job, stage, log)
        log.emit("done", seconds=round(time.monotonic() - started, 3))
    except (Cancelled, KeyboardInterrupt):
        log.emit("cancelled", stage=stage and stage.name)
        raise
    except Exception as error:
        log.emit("failed", stage=stage and stage.name, message=_in_words(error))
        raise
    finally:
        log.close()


def stages_of(request: Request, first: str | None = None) -> tuple[Stage, ...]:
    """The stages that a request goes through, from ``first`` on.

    Raises
    ------
    InputError
        If the request has no such stage.
    """
    names = [stage.name for stage in STAGES]
    own = names.index(_FIRST_STAGE[request.source])
    if first is None:
        return STAGES[own:]
    if first not in names[own:]:
        raise InputError(f"This job has no stage {first}; choose {', '.join(names[own:])}.")
    return STAGES[names.index(first) :]


def _run_stage(job: Job, stage: Stage, log: EventLog) -> None:
    for name in stage.inputs:
        if not job.path(name).is_file():
            raise InputError(f"{job.path(name)} is missing; run the stages before {stage.name}.")
    wanted = hash_inputs(stage.settings(job.request), [job.path(name) for name in stage.inputs])
    if _is_current(job, stage, wanted):
        log.emit("skipped", stage=stage.name)
        return
    log.emit("started", stage=stage.name)
    began = time.monotonic()

    def progress(step: int, of: int) -> None:
        log.emit("progress", stage=stage.name, step=step, of=of)

    details = stage.work(job, progress)
    seconds = round(time.monotonic() - began, 3)
    entry = {"input_hash": wanted, "outputs": list(stage.outputs), "seconds": seconds}
    entry["peak_memory_mb"] = peak_memory_mb()
    job.record(stage.name, entry | details, {"versions": versions()})
    log.emit("finished", stage=stage.name, seconds=seconds)


def _is_current(job: Job, stage: Stage, wanted: str) -> bool:
    """Whether a stage's outputs are there and were made from what its inputs are now."""
    entry = job.finished(stage.name)
    there = all(job.path(name).is_file() for name in stage.outputs)
    return entry is not None and there and entry.get("input_hash") == wanted


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, InputError | OSError) else f"{error!r}"


def store_picture(job: Job, picture: "Image") -> None:
    """Keep the picture, as `era3d.prepare.read_picture` gives it, as the job's input.png."""
    with replacing(job.path("input.png")) as path:
        picture.save(path)


def store_views(job: Job, views: "Views") -> None:
    """Write six views to the job; each file takes its place whole."""
    from era3d.views import save_views

    folder = job.path("views")
    folder.mkdir(exist_ok=True)
    with scratch_folder(job.folder) as scratch:
        for path in save_views(views, scratch):
            path.replace(folder / path.name)


def write_cameras(job: Job, reference: dict[str, Any] | None) -> None:
    """Write cameras.json: the six views, and the photo's camera where it is known."""
    from era3d.cameras import describe_views
    from era3d.job import SCHEMA_VERSION

    cameras = {"schema_version": SCHEMA_VERSION, "views": describe_views(), "reference": reference}
    write_json(job.path("cameras.json"), cameras)
