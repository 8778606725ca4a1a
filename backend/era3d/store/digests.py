# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SHA-256 of files, worked out once a file: a checkpoint's gigabytes take seconds."""

import contextlib
import hashlib
from pathlib import Path

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.store.folders import cache_folder

# Smaller files are quicker to hash than to look up.
_WORTH_KEEPING = 2**24


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, 64 digits.

    Of a large file it is remembered with the file's size and time of change; an answer for a file
    that changed since is not given.
    """
    path = path.resolve()
    state = path.stat()
    if state.st_size < _WORTH_KEEPING:
        return fresh_digest(path)
    known = _known()
    seen = [state.st_size, state.st_mtime_ns]
    entry = known.get(str(path))
    if isinstance(entry, list) and entry[:2] == seen:
        return str(entry[2])
    found = fresh_digest(path)
    _remember(known | {str(path): [*seen, found]})
    return found


def fresh_digest(path: Path) -> str:
    """Return the SHA-256 of a file as it is now, 64 digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file() -> Path:
    return cache_folder() / "digests.json"


def _known() -> dict[str, object]:
    try:
        return dict(read_object(_file(), default={}))
    except InputError:
        return {}


def _remember(known: dict[str, object]) -> None:
    # Where nothing can be written, it is worked out again next time.
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_object(_file(), {path: entry for path, entry in known.items() if Path(path).exists()})
