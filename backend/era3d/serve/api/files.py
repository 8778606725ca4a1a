# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/v1/jobs/{job}/files``: read everything, write the picture, its mask and the views."""

import asyncio
import secrets
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse

from era3d.serve.api.messages import FileEntry, FileList
from era3d.serve.api.service import JobOf, ServiceOf, check_idle
from era3d.serve.files import PICTURES, WRITABLE, describe, find_file, list_files
from era3d.serve.pictures import check_picture, check_view
from era3d.serve.refusal import Refusal

router = APIRouter(prefix="/v1/jobs/{job}/files", tags=["files"])

_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.get("")
async def listing(service: ServiceOf, record: JobOf) -> FileList:
    """List all files with sizes and checksums."""
    files = await asyncio.to_thread(list_files, service.store.folder(record))
    return FileList(files=[FileEntry(**each) for each in files])


@router.head("/{path:path}", include_in_schema=False)
@router.get(
    "/{path:path}",
    response_class=FileResponse,
    responses={206: {"description": "A part of the file"}, 416: {"description": "No such part"}},
)
async def read(service: ServiceOf, record: JobOf, path: str) -> FileResponse:
    """Return a file, or the ranges of it that were asked for."""
    found = find_file(service.store.folder(record), path)
    return FileResponse(found, stat_result=found.stat())


@router.put("/{path:path}", openapi_extra={"requestBody": {"required": True, "content": _BINARY}})
async def write(service: ServiceOf, record: JobOf, path: str, http: Request) -> FileEntry:
    """Replace the picture, its mask or a view, painted over perhaps; then run the job again."""
    if path not in WRITABLE:
        raise Refusal(403, "Only input.png, mask.png and the twelve views may be put.")
    check_idle(record)
    service.check_room()
    folder = service.store.folder(record)
    scratch = folder / f".tmp-put-{secrets.token_hex(4)}.png"
    check = check_picture if path in PICTURES else check_view
    try:
        await _save_body(http, scratch)
        async with service.decoding:
            await asyncio.to_thread(check, scratch, service.settings.limits)
        check_idle(record)  # it may have been queued meanwhile
        (folder / path).parent.mkdir(exist_ok=True)
        scratch.replace(folder / path)
        return FileEntry(**await asyncio.to_thread(describe, folder, path))
    except FileNotFoundError:
        raise Refusal(404, "The job was deleted.") from None
    finally:
        scratch.unlink(missing_ok=True)


@router.delete("/mask.png", status_code=204)
async def unmask(service: ServiceOf, record: JobOf) -> None:
    """Take the mask away: the subject is cut out automatically again."""
    check_idle(record)
    (service.store.folder(record) / "mask.png").unlink(missing_ok=True)


async def _save_body(http: Request, path: Path) -> None:
    with path.open("wb") as file:
        async for chunk in http.stream():
            file.write(chunk)
