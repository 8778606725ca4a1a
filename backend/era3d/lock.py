# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time works on a job folder."""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from era3d.errors import InputError

LOCK_FILES = frozenset({".lock", ".holder.json"})


class InUseError(InputError):
    """Another process holds a job folder, and will let go of it."""


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold a job folder while the block runs.

    The system lets go of the lock when a process dies, so a stale one needs no judging, and a
    changed clock does no harm. Whoever holds the lock may take it again in the same process.

    Raises
    ------
    InUseError
        If another process holds it, with its number, machine and since when.
    """
    # Imported here: the lock draws in asyncio, which commands that lock nothing need not pay for.
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock", timeout=0, is_singleton=True)
    holder = folder / ".holder.json"
    try:
        lock.acquire()
    except Timeout:
        raise InUseError(
            f"{folder} is in use by {_who(holder)}; wait until it is done or end it."
        ) from None
    try:
        holder.write_text(
            json.dumps({"process": os.getpid(), "machine": platform.node(), "since": time.time()})
        )
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text())
        since = time.strftime("%H:%M:%S", time.localtime(told["since"]))
        return f"process {told['process']} on {told['machine']} since {since}"
    except (OSError, ValueError, KeyError, TypeError):  # it is only just beginning
        return "another process"
