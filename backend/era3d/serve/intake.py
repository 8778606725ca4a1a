# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a job folder of what a client sent; runs in a thread, since it decodes pictures."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from era3d.errors import InputError
from era3d.files import write_object
from era3d.job import Job, Request, parse_request
from era3d.serve.pictures import VIEW_NAMES, check_picture, store_given_views
from era3d.serve.refusal import Refusal, without_folder
from era3d.serve.settings import Limits, ServerSettings
from era3d.stages.stage import Stage

_LONGEST_REQUEST = 2**16
_PICTURES = {"picture": "input.png", "mask": "mask.png"}


def read_request(text: bytes, settings: ServerSettings) -> Request:
    """Read a request; where it may not choose, the server's settings take its place.

    Raises
    ------
    Refusal
        409 for one of a newer version, 422 for what is no request or names what is not allowed.
    """
    values = _parse(text)
    version = values.get("schema_version", Request.schema_version)
    if isinstance(version, int) and version > Request.schema_version:
        raise Refusal(
            409,
            f"The request has schema {version}, this server knows {Request.schema_version}: "
            "update the server, or use an older client.",
        )
    values |= {"device": settings.device, "vram_limit": settings.vram_limit}
    if values.get("views_from"):  # it would reach from here into the network, and send pictures
        raise Refusal(422, "This server makes the views itself; leave views_from out.")
    if values.setdefault("model", Request.model) not in settings.models:
        raise Refusal(422, f"This server has no such model; choose {', '.join(settings.models)}.")
    method = values.setdefault("method", Request.method)
    if not (isinstance(method, str) and method.isidentifier() and len(method) < 64):
        raise Refusal(422, "method must be the name of one.")
    try:
        return parse_request(values)
    except (ValueError, OverflowError) as error:
        raise Refusal(422, f"The request cannot be used: {error}.") from None


def make_job(
    folder: Path, request: Request, first: Stage, sent: dict[str, IO[bytes]], limits: Limits
) -> None:
    """Fill an empty folder with a job.

    Parameters
    ----------
    folder : Path
    request : Request
    first : Stage
        The stage that the run will begin with.
    sent : dict
        Open files by the names of the parts: ``picture`` and ``mask``, or names of `VIEW_NAMES`.
    limits : Limits

    Raises
    ------
    Refusal, InputError
        If parts are missing, too many or no pictures.
    """
    for name in sent:
        if name not in _PICTURES and name not in VIEW_NAMES:
            raise Refusal(422, f"No part may be called {name!r}: send picture, color_front.png, …")
    write_object(folder / "request.json", asdict(request))
    job = Job(folder)
    for name in _PICTURES.keys() & sent:
        scratch = folder / f".tmp-{name}"
        _spill(sent[name], scratch)
        check_picture(scratch, limits)
        scratch.replace(job.path(_PICTURES[name]))
    if views := {name: file for name, file in sent.items() if name not in _PICTURES}:
        scratch = folder / ".tmp-views"
        scratch.mkdir()
        for name, file in views.items():
            _spill(file, scratch / name)
        try:
            store_given_views(scratch, job, limits)
        except InputError as error:
            raise Refusal(422, without_folder(str(error), scratch)) from None
    for name in first.inputs:
        if not job.path(name).is_file():
            part = "picture" if name == "input.png" else Path(name).name
            raise Refusal(422, f"The part {part} is missing: {first.name} begins with it.")


def _spill(file: IO[bytes], path: Path) -> None:
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _parse(text: bytes) -> dict[str, Any]:
    if len(text) > _LONGEST_REQUEST:
        raise Refusal(413, "The request is too long.")
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise Refusal(422, "The request is no JSON.") from None
    if not isinstance(values, dict):
        raise Refusal(422, "The request is no JSON object.")
    return values
