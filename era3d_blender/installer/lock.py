# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One installer at a time, by a lock that the system lets go of when a process dies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import InstallError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs.

    Raises
    ------
    InstallError
        When another process holds it.
    """
    with path.open("a+b") as file:
        file.seek(0)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InstallError("The backend is being installed already; wait for that.") from None
        yield
