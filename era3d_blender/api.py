# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For scripts: functions that wait until a job is done and return what it made.

How to import this module is in docs/scripting.md: an extension's name depends on its repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from . import backend, jobs, machine
from .client.environment import BackendMissingError, Generation, generate_order, rebuild_order
from .client.events import Event
from .client.supervisor import CANCELLED, FINISHED
from .preferences import backend_python, chosen_backend, new_job_folder

if TYPE_CHECKING:
    from .scene.importing import Imported

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})

__all__ = [
    "BackendMissingError",
    "JobError",
    "Outcome",
    "batch",
    "doctor",
    "generate",
    "import_job",
    "make",
    "rebuild",
    "run",
]


class JobError(RuntimeError):
    """A job did not get to its end.

    Attributes
    ----------
    folder : Path
        The job's; what it had finished is kept there.
    exit_code : int or None
        Of the backend; 2: the input is to blame.
    """

    def __init__(self, message: str, folder: Path, exit_code: int | None) -> None:
        super().__init__(message)
        self.folder, self.exit_code = folder, exit_code


@dataclass
class Outcome:
    """What became of one picture of a batch."""

    picture: str
    job: str
    state: str = FINISHED
    message: str = ""
    blend: str = ""
    seconds: float = 0.0
    stages: dict[str, float | None] = field(default_factory=dict)


def generate(
    picture: str | Path,
    job: str | Path | None = None,
    until: str | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    **request: Any,
) -> Imported:
    """Make an object from a picture and bring it into the scene.

    Parameters
    ----------
    picture, job, until, on_event, **request
        As in `make`.

    Returns
    -------
    Imported
        With ``collection``, ``root``, ``mesh`` (None after ``until="views"``) and ``cameras`` by
        view.
    """
    return import_job(make(picture, job, until, on_event, **request))


def make(
    picture: str | Path,
    job: str | Path | None = None,
    until: str | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    **request: Any,
) -> Path:
    """Make a job of a picture, without bringing it into the scene, and return its folder.

    Parameters
    ----------
    picture : path
    job : path, optional
        The job folder; by default a new one of its own.
    until : str, optional
        The last stage: ``"views"`` stops before a mesh is made.
    on_event : callable, optional
        Hears of each event of the job.
    **request
        Entries of request.json: model, seed, quality, cells, faces, texture_size ...

    Raises
    ------
    FileNotFoundError
        When there is no picture.
    BackendMissingError
        When there is no backend.
    JobError
        When the job fails.
    """
    source = Path(picture).expanduser().absolute()
    if not source.is_file():
        raise FileNotFoundError(f"There is no picture at {source}")
    way = chosen_backend()
    folder = Path(job).expanduser().absolute() if job else new_job_folder(source)
    folder.mkdir(parents=True, exist_ok=True)
    order = generate_order(Generation(source, request, until), folder)
    _wait(backend.supervisor(way, order, folder), on_event)
    return folder


def run(
    folder: str | Path,
    stage: str | None = None,
    until: str | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    **request: Any,
) -> Path:
    """Bring a job folder up to date and return it; what is still right is not done again.

    Parameters
    ----------
    folder : path
    stage : str, optional
        Run from here on even if nothing changed.
    until : str, optional
        The last stage to run.
    on_event : callable, optional
    **request
        Entries of request.json to change first.

    Raises
    ------
    FileNotFoundError
        When the folder is no job.
    BackendMissingError, JobError
        As in `make`.
    """
    from .scene.folder import looks_like_job

    job = Path(folder).expanduser().absolute()
    if not looks_like_job(job):
        raise FileNotFoundError(f"There is no job folder at {job}")
    order = rebuild_order(job, stage, request, until)
    _wait(backend.supervisor(chosen_backend(), order, job), on_event)
    return job


def rebuild(thing: bpy.types.Object, stage: str | None = None, **request: Any) -> bpy.types.Object:
    """Build an imported job again from its views as they are painted now; return the mesh object.

    Parameters
    ----------
    thing : bpy.types.Object
        Any object of the job.
    stage, **request
        As in `run`.
    """
    from .scene.exchange import exchange
    from .scene.importing import update_job
    from .scene.roots import find_root, job_folder, mesh_of
    from .scene.views import view_images

    root = find_root(thing)
    if root is None:
        raise ValueError(f"{thing.name} does not belong to an imported job")
    exchange(view_images(root), job_folder(root))
    run(job_folder(root), stage, **request)
    update_job(root, bpy.context.scene)
    return mesh_of(root)


def import_job(folder: str | Path) -> Imported:
    """Bring a job folder into the scene and make its mesh the active object.

    Raises
    ------
    JobFolderError
        When the folder holds no views, or is damaged; nothing is left behind in the file then.
    """
    from .scene import importing

    made = importing.import_job(Path(folder).expanduser().absolute(), bpy.context.scene)
    bpy.context.view_layer.objects.active = made.mesh or made.root
    return made


def batch(
    folder: str | Path,
    out: str | Path,
    save: Callable[[Path, Path], None],
    on_event: Callable[[Event], None] = lambda event: None,
    **request: Any,
) -> Iterator[Outcome]:
    """Make a .blend of every picture in a folder, one after another; a bad one stops nothing.

    Parameters
    ----------
    folder : path
        Of pictures; its folders are not looked into.
    out : path
        Takes ``<name>.blend`` and the job ``<name>``; a second call goes on where one was stopped.
    save : callable
        Takes a finished job's folder and the .blend to write.
    on_event, **request
        As in `make`.

    Yields
    ------
    Outcome
        One a picture, as soon as it is known.
    """
    source, target = (Path(path).expanduser().absolute() for path in (folder, out))
    if not source.is_dir():
        raise FileNotFoundError(f"There is no folder at {source}")
    pictures = sorted(path for path in source.iterdir() if path.suffix.lower() in PICTURES)
    if not pictures:
        raise FileNotFoundError(f"There is no picture in {source}")
    stems = [picture.stem for picture in pictures]
    for picture in pictures:
        name = picture.stem if stems.count(picture.stem) == 1 else picture.name
        yield _one(picture, target / name, save, on_event, request)


def doctor() -> Mapping[str, Any]:
    """Return what the backend finds on its machine, as ``era3d doctor --json`` says it.

    Raises
    ------
    BackendMissingError
        When there is no backend, or it does not answer.
    """
    machine.ask(backend_python())
    machine.wait()
    if machine.problem:
        raise BackendMissingError(f"The backend does not answer: {machine.problem}")
    return machine.doctor


def _one(
    picture: Path,
    job: Path,
    save: Callable[[Path, Path], None],
    on_event: Callable[[Event], None],
    request: Mapping[str, Any],
) -> Outcome:
    outcome = Outcome(str(picture), str(job))
    blend = job.with_name(f"{job.name}.blend")
    try:
        save(make(picture, job, None, on_event, **request), blend)
        outcome.blend = str(blend)
    except (RuntimeError, OSError, ValueError) as error:
        outcome.state, outcome.message = "failed", str(error)
    if jobs.current is not None and jobs.current.job == job:
        stages = jobs.current.stages.items()
        outcome.seconds = round(jobs.current.seconds, 3)
        outcome.stages = {name: status.seconds for name, status in stages}
    return outcome


def _wait(job: jobs.Supervisor, on_event: Callable[[Event], None]) -> None:
    jobs.adopt(job)
    state = job.run(on_event)
    if state != FINISHED:
        message = "The job was cancelled" if state == CANCELLED else job.message
        raise JobError(message, job.job, job.exit_code)
