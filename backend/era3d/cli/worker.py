# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d worker``."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the command to the parser."""
    worker = commands.add_parser("worker", help="run jobs as standard input tells, for programs")
    worker.set_defaults(command=_worker)
    worker.add_argument("--state", type=Path, required=True, metavar="FILE", help="JSON, rewritten")
    worker.add_argument(
        "--idle", type=float, default=300.0, metavar="SECONDS", help="then the model is released"
    )


def _worker(options: argparse.Namespace) -> None:
    from era3d.serve.worker import Worker

    Worker(options.state, options.idle).serve(sys.stdin)
