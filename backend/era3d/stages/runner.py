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
from era3d.stages.stage import Report, Stage
from era3d.stages.texture import TEXTURE
from era3d.stages.views import VIEWS

STAGES = (PREPARE, VIEWS, MESH, TEXTURE)
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
        After the event ``failed`` or ``cancelled``; finished stages stay finished. Without an
        event if another process works on the job.
    """
    with holding(job.folder):
        clean_up(job.folder)
        _run_stages(job, again_from, log or job.events())


def _run_stages(job: Job, again_from: str | None, log: EventLog) -> None:
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


def _is_current(job: Job, stage: Stage, wanted: str) -> bool:
    """Whether a stage's outputs are there and were made from what its inputs are now."""
    entry = job.finished(stage.name)
    there = all(job.path(name).is_file() for name in stage.outputs(job.request))
    return entry is not None and there and entry.get("input_hash") == wanted


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, InputError | OSError) else f"{error!r}"
