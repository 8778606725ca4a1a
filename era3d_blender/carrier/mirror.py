# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder here and its twin on a server: what was changed goes there, what was made comes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server import Server

VIEW_FILES = tuple(
    f"views/{kind}_{view}.png"
    for kind in ("color", "normal")
    for view in ("front", "front_right", "right", "back", "left", "front_left")
)
VIEW_PARTS = {Path(name).name: name for name in VIEW_FILES}
"""What the views are called when they are sent with a job."""
_PAINTABLE = ("input.png", *VIEW_FILES)
_MASK = "mask.png"
# What a server may write here: plain names, one folder deep, nothing hidden.
_NAME = re.compile(r"(views/)?[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_RECORD = "job.json"
_OURS = frozenset({"events.jsonl", "log.txt"})
_CHUNK = 2**18


def send_changes(server: Server, job: str, folder: Path) -> None:
    """Send the picture and the views that were changed here, and the mask that is or was here."""
    there = {entry["path"]: entry["sha256"] for entry in _listing(server, job)}
    for name in _PAINTABLE:
        path = folder / name
        if name in there and path.is_file() and digest(path) != there[name]:
            server.put(f"/v1/jobs/{job}/files/{name}", path)
    mask = folder / _MASK
    if mask.is_file():
        if digest(mask) != there.get(_MASK):
            server.put(f"/v1/jobs/{job}/files/{_MASK}", mask)
    elif _MASK in there:
        server.delete(f"/v1/jobs/{job}/files/{_MASK}")


def fetch_changes(server: Server, job: str, folder: Path) -> None:
    """Fetch every file that differs; each takes its place whole."""
    for entry in _listing(server, job):
        path = folder / entry["path"]
        if not path.is_file() or digest(path) != entry["sha256"]:
            fetch(server, job, folder, entry["path"], entry["sha256"])


def fetch(server: Server, job: str, folder: Path, name: str, wanted: str | None = None) -> None:
    """Fetch one file.

    Parameters
    ----------
    wanted : str, optional
        Its SHA-256; a file that arrives otherwise is fetched once more, whole.

    Raises
    ------
    OSError
        When what arrives is not what the server has.
    """
    if not may_be_written(name):
        return
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".tmp-carried-{path.name}")
    if wanted is None:  # nothing says what a part of it is a part of
        partial.unlink(missing_ok=True)
    for _ in range(2):
        with partial.open("ab") as file:
            server.fetch(f"/v1/jobs/{job}/files/{name}", file)
        if wanted is None or digest(partial) == wanted:
            (_merge_records if name == _RECORD else Path.replace)(partial, path)
            return
        partial.unlink()
    raise OSError(f"{name} arrives damaged; try again")


def _merge_records(arrived: Path, path: Path) -> None:
    """Put a job's record in its place, with what ours says of stages that never ran there."""
    try:
        ours, theirs = (json.loads(each.read_text("utf-8")) for each in (path, arrived))
        only_here = ours["stages"].keys() - theirs["stages"].keys()
        theirs["stages"] |= {name: ours["stages"][name] for name in only_here}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # there is none here
        only_here = set()
    if not only_here:
        arrived.replace(path)
        return
    partial = path.with_name(f".tmp-merged-{path.name}")
    partial.write_text(json.dumps(theirs, indent=1), "utf-8")
    partial.replace(path)
    arrived.unlink()


def may_be_written(name: Any) -> bool:
    """Whether a name that a server told is that of a plain file within a job folder."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and name not in _OURS


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def digest_of(content: Any) -> str:
    """Return the SHA-256 of what can be said in JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _listing(server: Server, job: str) -> Iterator[dict[str, str]]:
    for entry in server.get(f"/v1/jobs/{job}/files")["files"]:
        if may_be_written(entry.get("path")) and isinstance(entry.get("sha256"), str):
            yield entry
