# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line ``era3d``: one file a group of commands, errors and exit codes here."""

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from era3d import __version__
from era3d.cli import jobs, training
from era3d.errors import Cancelled, InputError

OK, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
# Errors of the disk that the user can mend; all others are ours.
_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the disk is read-only; choose another --out",
    errno.EACCES: "permission denied; choose another --out",
    errno.EPERM: "permission denied; choose another --out",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done, 1 failed, 2 bad input, 130 interrupted (Ctrl-C), 143 terminated.
    """
    # Waiting threads of torch would otherwise spin, which starves Blender on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        options.command(options)
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _say("interrupted; finished stages are kept, run again to go on", INTERRUPTED)
    except Cancelled:
        return _say("terminated; finished stages are kept, run again to go on", TERMINATED)
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            traceback.print_exc()
            return FAILED
        where = f"{error.filename}: " if error.filename else ""
        return _say(where + _DISK_ERRORS[error.errno], BAD_INPUT)
    except Exception:
        traceback.print_exc()
        return FAILED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "era3d", description="One picture to a textured mesh and six registered views."
    )
    parser.add_argument("--version", action="version", version=f"era3d {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (jobs, training):
        group.add(commands)
    return parser


def _say(message: str, code: int) -> int:
    print(f"era3d: {message}", file=sys.stderr, flush=True)  # noqa: T201
    return code


def _terminate(number: int, frame: object) -> None:
    raise Cancelled
