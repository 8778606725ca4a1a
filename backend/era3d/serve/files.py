# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a job folder clients may see, and how they are found and described."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from era3d.serve.refusal import Refusal
from era3d.stages.files import COLOR_FILES, NORMAL_FILES

PICTURES = frozenset({"input.png", "mask.png"})
WRITABLE = PICTURES | {*COLOR_FILES, *NORMAL_FILES}
"""What a client may put into a job that exists."""

# No hidden file, no `..`, no drive, no stream of another system, no dot at the end.
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}(\.[A-Za-z0-9_-]{1,20}){0,4}")
# Events have an address of their own; logs are for whoever runs the server.
_UNLISTED = frozenset({"events.jsonl", "log.txt"})
_CHUNK = 2**18


def find_file(folder: Path, name: str) -> Path:
    """Return the path of an existing file of a job.

    Parameters
    ----------
    folder : Path
        The job folder.
    name : str
        With slashes, as a client gave it: anything at all.

    Raises
    ------
    Refusal
        404 for everything that is no plain file within the folder or not for clients.
    """
    path, absent = folder, Refusal(404, "There is no such file in this job.")
    if name in _UNLISTED:
        raise absent
    for part in name.split("/"):
        path = path / part
        if not _SEGMENT.fullmatch(part) or path.is_symlink():
            raise absent
    if not path.is_file():
        raise absent
    return path


def list_files(folder: Path) -> list[dict[str, Any]]:
    """Describe all files of a job that clients may see: path, size and SHA-256, in order."""
    return [describe(folder, name) for name in sorted(_names(folder, "")) if name not in _UNLISTED]


def describe(folder: Path, name: str) -> dict[str, Any]:
    """Describe one file."""
    status = (folder / name).stat()
    digest = _digest(folder / name, status.st_size, status.st_mtime_ns, status.st_ino)
    return {"path": name, "size": status.st_size, "sha256": digest}


def _names(folder: Path, prefix: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        mode = entry.stat(follow_symlinks=False).st_mode
        if not _SEGMENT.fullmatch(entry.name):
            continue
        if stat.S_ISREG(mode):
            yield prefix + entry.name
        elif stat.S_ISDIR(mode):
            yield from _names(Path(entry.path), f"{prefix}{entry.name}/")


@lru_cache(maxsize=8192)
def _digest(path: Path, size: int, changed: int, inode: int) -> str:
    """SHA-256 of a file; worked out again when size, time or place on the disk differ."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
