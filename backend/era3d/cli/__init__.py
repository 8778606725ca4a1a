# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line ``era3d``: one file a group of commands, errors and exit codes here."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from era3d import __version__
from era3d.cli import batch, cameras, doctor, export, jobs, models, serve, splats, training, worker
from era3d.errors import Terminated
from era3d.outcome import OK, outcome_of


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
    except (Exception, KeyboardInterrupt) as error:
        outcome = outcome_of(error)
        print(f"era3d: {outcome.message}", file=sys.stderr, flush=True)  # noqa: T201
        return outcome.code
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "era3d", description="One picture to a textured mesh and six registered views."
    )
    parser.add_argument("--version", action="version", version=f"era3d {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (jobs, batch, export, splats, cameras, models, doctor, training, worker, serve):
        group.add(commands)
    return parser


def _terminate(number: int, frame: object) -> None:
    raise Terminated
