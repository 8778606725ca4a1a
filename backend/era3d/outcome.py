# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, as an exit code and a sentence; the same on the command line and elsewhere."""

import errno
import traceback
from dataclasses import dataclass

from era3d.errors import Cancelled, InputError, Terminated

OK, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
# Errors of the disk that the user can mend; all others are ours.
_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the disk is read-only; choose another --out",
    errno.EACCES: "permission denied; choose another --out",
    errno.EPERM: "permission denied; choose another --out",
}


@dataclass(frozen=True)
class Outcome:
    """An exit code, and what to say; the text of a fault of ours is its traceback."""

    code: int = OK
    message: str = ""


def outcome_of(error: BaseException) -> Outcome:
    """What an error means to whoever asked for the work."""
    match error:
        case InputError():
            return Outcome(BAD_INPUT, str(error))
        case Cancelled() | Terminated():
            return Outcome(TERMINATED, "terminated; what is finished is kept, run again to go on")
        case KeyboardInterrupt():
            return Outcome(INTERRUPTED, "interrupted; what is finished is kept, run again to go on")
        case OSError() if error.errno in _DISK_ERRORS:
            where = f"{error.filename}: " if error.filename else ""
            return Outcome(BAD_INPUT, where + _DISK_ERRORS[error.errno])
    return Outcome(FAILED, "".join(traceback.format_exception(error)).rstrip())
