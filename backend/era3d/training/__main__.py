# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m era3d.training``: train, and measure what was trained."""

import argparse
import sys
from pathlib import Path

from era3d.errors import InputError
from era3d.training.metrics import evaluate, table
from era3d.training.trainer import train


def main() -> int:
    """Parse the command line and run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m era3d.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("train", help="train a model on a corpus of meshes")
    command.add_argument("config", type=Path)
    command.add_argument("--corpus", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--resume", action="store_true")
    command = commands.add_parser("evaluate", help="measure a model on objects it never saw")
    command.add_argument("model", type=Path)
    command.add_argument("--corpus", type=Path, required=True)
    command.add_argument("--drawings", type=Path, required=True, help="cache of rendered objects")
    command.add_argument("--grid", type=Path, help="picture of some results to write")
    arguments = parser.parse_args()
    try:
        if arguments.command == "train":
            train(arguments.config, arguments.corpus, arguments.out, arguments.resume)
        else:
            found = evaluate(arguments.model, arguments.corpus, arguments.drawings, arguments.grid)
            sys.stdout.write(table(found) + "\n")
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


sys.exit(main())
