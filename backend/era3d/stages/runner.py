# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stages of a job that are not up to date."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from era3d.errors import Cancelled, InputError, ViewWarning
from era3d.files import clean_up
from era3d.job import EventLog, Job, Request, hash_inputs
from era3d.lock import holding
from era3d.provenance import peak_memory_mb, versions
from era3d.stages.mesh import MESH
from era3d.stages.prepare import PREPARE
from era3d.stages.splats import SPLATS
from era3d.stages.stage import Report, Stage
from era3d.stages.texture import TEXTURE
from era3d.stages.views import VIEWS

STAGES = (PREPARE, VIEWS, MESH, TEXTURE)
"""Those of every job."""
ALL_STAGES = (*STAGES, SPLATS)
"""Splats are made where they are asked for."""
# Six views that somebody gave need no model; they start where the model would have ended.
_FIRST_STAGE = {"picture": "prepare", "views": "mesh"}


def run(
    job: Job,
    again_from: str | None = None,
    log: EventLog | None = None,
    until: str | None = None,
) -> None:
    """Run the stages of a job that are not up to date.

    Parameters
    ----------
    job : Job
    again_from : str, optional
        Run this stage and those after it even if nothing changed; do not touch earlier ones.
    log : EventLog, optional
        Where events go; by default events.jsonl of the job.
    until : str, optional
        The last stage to run; by default all of them.

    Raises
    ------
    InputError, Cancelled, KeyboardInterrupt
        After the event ``failed`` or ``cancelled``; finished stages stay finished. Without an
        event if another process works on the job.
    """
    with holding(job.folder):
        clean_up(job.folder)
        _run_stages(job, again_from, until, log or job.events())


def _run_stages(job: Job, again_from: str | None, until: str | None, log: EventLog) -> None:
    started = time.monotonic()
    stage = None
    try:
        for stage in stages_of(job.request, again_from, until):
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


def stages_of(
    request: Request, first: str | None = None, last: str | None = None
) -> tuple[Stage, ...]:
    """The stages that a request goes through, from ``first`` to ``last``, both included.

    Raises
    ------
    InputError
        If the request has no such stage, or the first comes after the last.
    """
    stages = ALL_STAGES if request.splats else STAGES
    names = [stage.name for stage in stages]
    own = names[names.index(_FIRST_STAGE[request.source]) :]
    for name in (first, last):
        if name is not None and name not in own:
            raise InputError(f"This job has no stage {name}; choose {', '.join(own)}.")
    chosen = stages[names.index(first or own[0]) : names.index(last or own[-1]) + 1]
    if not chosen:
        raise InputError(f"The stage {last} comes before {first}; choose a later one to end with.")
    return chosen


def _run_stage(job: Job, stage: Stage, log: EventLog) -> None:
    wanted = _hash(job, stage)
    if _is_made_of(job, stage, wanted):
        log.emit("skipped", stage=stage.name)
        return
    log.emit("started", stage=stage.name)
    began = time.monotonic()
    report = Report(log, stage.name)
    with _told(report):
        details = stage.work(job, report)
    seconds = round(time.monotonic() - began, 3)
    entry: dict[str, Any] = {"input_hash": wanted, "outputs": list(stage.outputs(job.request))}
    entry |= {"seconds": seconds, "peak_memory_mb": peak_memory_mb()} | details
    if report.warnings:
        entry["warnings"] = report.warnings
    job.record(stage.name, entry, {"versions": versions()})
    log.emit("finished", stage=stage.name, seconds=seconds)


@contextmanager
def _told(report: Report) -> Iterator[None]:
    """Warnings of the plain functions below become the report's; others go where they always go."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ViewWarning)
        show = warnings.showwarning

        def tell(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, ViewWarning):
                report.warn(str(message))
            else:
                show(message, category, *rest, **more)

        warnings.showwarning = tell
        yield


def is_current(job: Job, stage: Stage) -> bool:
    """Whether a stage's outputs are there and were made from what its inputs are now.

    Raises
    ------
    InputError
        If an input is missing, or the model is not here.
    """
    return _is_made_of(job, stage, _hash(job, stage))


def _hash(job: Job, stage: Stage) -> str:
    return hash_inputs(stage.settings(job.request), stage.present_inputs(job))


def _is_made_of(job: Job, stage: Stage, wanted: str) -> bool:
    entry = job.finished(stage.name)
    there = all(job.path(name).is_file() for name in stage.outputs(job.request))
    return entry is not None and there and entry.get("input_hash") == wanted


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, InputError | OSError) else f"{error!r}"
