# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/v1/jobs``: take jobs in, tell of them, run them again, cancel and delete them."""

import asyncio
import json
import shutil
from dataclasses import asdict
from typing import IO, Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.datastructures import FormData, UploadFile

from era3d.job import Job
from era3d.job import Request as JobRequest
from era3d.serve.api.messages import JobState, Made, Run
from era3d.serve.api.service import JobOf, OwnerOf, Service, ServiceOf, check_idle
from era3d.serve.intake import make_job, read_request
from era3d.serve.pictures import VIEW_NAMES
from era3d.serve.refusal import Refusal, busy
from era3d.serve.store import Record
from era3d.stages import stages_of

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_BUSY_SECONDS = 5
_FILE = {"type": "string", "format": "binary"}
_PARTS = {
    "request": {"type": "string", "description": "What request.json of a job holds."},
    "from": {"type": "string", "description": "The stage to begin with."},
    "until": {"type": "string", "description": "The stage to end after."},
    "picture": _FILE,
    "mask": _FILE,
    **dict.fromkeys(sorted(VIEW_NAMES), _FILE),
}
_SCHEMA = {"type": "object", "required": ["request"], "properties": _PARTS}
_FORM = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _SCHEMA}}}}


@router.post("", status_code=202, openapi_extra=_FORM)
async def make(
    service: ServiceOf,
    owner: OwnerOf,
    http: Request,
    idempotency_key: Annotated[str, Header(max_length=100)] = "",
) -> Made:
    """Take in a job and queue it; a key that was sent before gives the job that it made then."""
    if record := service.store.of(owner, idempotency_key):
        return Made(id=record.id)
    _check_queue(service, owner)
    service.check_room()
    if not http.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refusal(422, "Send multipart/form-data with a part `request` and the pictures.")
    async with http.form(max_files=16, max_fields=4, max_part_size=2**16) as form:
        record = Record("", owner, key=idempotency_key)
        text, record.first, record.last, sent = await _parts(form)
        request = read_request(text, service.settings)
        return await _take_in(service, record, request, sent)


@router.get("/{job}")
async def state(service: ServiceOf, record: JobOf) -> JobState:
    """Tell how far a job is."""
    return _state(service, record)


@router.post("/{job}/run", status_code=202)
async def run_again(service: ServiceOf, record: JobOf, owner: OwnerOf, run: Run) -> JobState:
    """Run a job again: what is up to date is skipped; ``from`` a stage on, nothing is.

    Settings that change make exactly the stages run that depend on them. ``until`` names the stage
    to end after.
    """
    check_idle(record)
    _check_queue(service, owner)
    service.check_room()
    folder = service.store.folder(record)
    request = Job(folder).request
    if run.request is not None:
        request = read_request(json.dumps(run.request).encode(), service.settings)
    stages_of(request, run.first, run.last)
    Job.create(folder, request)
    service.runner.enqueue(record, run.first, run.last)
    return _state(service, record)


@router.post("/{job}/cancel")
async def cancel(service: ServiceOf, record: JobOf) -> JobState:
    """End a job that waits or runs; finished stages are kept. Answers when it has ended."""
    await service.runner.cancel(record)
    return _state(service, record)


@router.delete("/{job}", status_code=204)
async def delete(service: ServiceOf, record: JobOf) -> None:
    """Delete a job and all its files, and end it first if need be."""
    await service.runner.cancel(record)
    await asyncio.to_thread(shutil.rmtree, service.store.remove(record), True)


async def _take_in(
    service: Service,
    record: Record,
    request: JobRequest,
    sent: dict[str, IO[bytes]],
) -> Made:
    """Make the folder, in a thread, and queue the job."""
    record.id, folder = service.store.new_folder()
    try:
        async with service.decoding:
            limits = service.settings.limits
            first = stages_of(request, record.first, record.last)[0]
            await asyncio.to_thread(make_job, folder, request, first, sent, limits)
        # Others have been let in meanwhile.
        if earlier := service.store.of(record.owner, record.key):
            return Made(id=earlier.id)
        _check_queue(service, record.owner)
        record.number = service.store.next_number()
        service.store.adopt(record, folder)
    finally:
        if folder.exists():
            await asyncio.to_thread(shutil.rmtree, folder, True)
    service.runner.enqueue(record, record.first, record.last)
    return Made(id=record.id)


async def _parts(
    form: FormData,
) -> tuple[bytes, str | None, str | None, dict[str, IO[bytes]]]:
    """Split a form into request, two stages and files; a file's own name is never looked at."""
    items = form.multi_items()
    parts: dict[str, Any] = dict(items)
    if len(parts) < len(items):
        raise Refusal(422, "A part was sent twice.")
    text, *stages = (parts.pop(name, None) for name in ("request", "from", "until"))
    if isinstance(text, UploadFile):
        text = (await text.read(2**16 + 1)).decode("utf-8", "replace")
    if text is None or any(isinstance(each, UploadFile) for each in stages):
        raise Refusal(422, "Send a part `request` with JSON; `from` and `until` name stages.")
    files: dict[str, IO[bytes]] = {
        name: part.file for name, part in parts.items() if isinstance(part, UploadFile)
    }
    if len(files) < len(parts):
        raise Refusal(422, "Pictures must be sent as files, and there are no other fields.")
    return text.encode("utf-8", "replace"), stages[0], stages[1], files


def _check_queue(service: Service, owner: str) -> None:
    limits = service.settings.limits
    if service.runner.waiting >= limits.queue_length:
        raise busy("The queue is full; come back later.", _BUSY_SECONDS)
    if service.store.active(owner) >= limits.jobs_per_token:
        raise busy("You have as many jobs here as you may; wait for one.", _BUSY_SECONDS)


def _state(service: Service, record: Record) -> JobState:
    return JobState(
        id=record.id,
        state=record.state,
        ahead=service.runner.ahead(record),
        message=record.message,
        created=record.created,
        first=record.first,
        last=record.last,
        request=asdict(Job(service.store.folder(record)).request),
    )
