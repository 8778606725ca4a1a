# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/v1/jobs/{job}/events``: what happens, as a stream that can be resumed, or page by page."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from era3d.serve.api.messages import EventPage
from era3d.serve.api.service import JobOf, Service, ServiceOf
from era3d.serve.events import check_offset, read_lines
from era3d.serve.store import ACTIVE, Record

router = APIRouter(prefix="/v1/jobs/{job}/events", tags=["events"])

_LOOK_EVERY = 0.1
# Proxies must pass events on at once.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_MESSAGE = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
    "required": ["data"],
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "model": EventPage,
        "description": "A page if `since` was given; else a stream of events",
        "content": {"text/event-stream": {"schema": _MESSAGE}},
    }
}


@router.get("", response_model=None, responses=_STREAM)
async def events(
    service: ServiceOf,
    record: JobOf,
    since: Annotated[str | None, Query(description="A page from here on; 0 at first.")] = None,
    last_event_id: Annotated[str | None, Header(description="Resume a stream after it.")] = None,
) -> Response | EventPage:
    """Tell what happens.

    As a stream, an event's id is its place in events.jsonl: a client that sends back the last one
    misses nothing and gets nothing twice. The last message is of the type ``end``; without it the
    stream was cut. Lines with a colon show that the server is alive.
    """
    folder = service.store.folder(record)
    if since is not None:
        ended = _ended(record)  # before reading: then nothing is missed
        lines, following = read_lines(folder, check_offset(folder, since))
        found = [json.loads(line.text) for line in lines]
        return EventPage(events=found, next=following, **ended)
    offset = check_offset(folder, last_event_id)
    stream = _follow(service, record, offset)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)


async def _follow(service: Service, record: Record, offset: int) -> AsyncIterator[str]:
    folder = service.store.folder(record)
    said = time.monotonic()
    while not service.stopping:
        over = record.state not in ACTIVE  # asked before reading: then nothing is missed
        lines, offset = read_lines(folder, offset)
        if lines:
            yield "".join(f"id: {line.next}\ndata: {line.text}\n\n" for line in lines)
            said = time.monotonic()
        elif over:
            yield f"event: end\ndata: {json.dumps(_ended(record))}\n\n"
            return
        else:
            if time.monotonic() - said >= service.settings.heartbeat:
                yield ":\n\n"
                said = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY)


def _ended(record: Record) -> dict[str, Any]:
    return {"state": record.state, "message": record.message, "code": record.code}
