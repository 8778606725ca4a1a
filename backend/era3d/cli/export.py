# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d export``."""

import argparse
from pathlib import Path
from typing import Any

from era3d.exports import FORMATS


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("export", help="the result in the formats of others")
    parser.set_defaults(command=_export)
    parser.add_argument("job", type=Path, metavar="JOB")
    about = "colmap and transforms: photographs all round with their cameras; others: the mesh"
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help=about)
    where = "a file or folder (default: beside the job, named after it and the format)"
    parser.add_argument("--out", type=Path, metavar="PATH", help=where)


def _export(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from era3d.exports import export
    from era3d.job import Job

    job, name = Job(options.job), options.format
    ending = FORMATS[name] or f"_{name}"
    target = options.out or job.folder.with_name(job.folder.resolve().name + ending)
    with tqdm(unit="photograph", desc="export", disable=bool(FORMATS[name])) as bar:

        def progress(step: int, of: int) -> None:
            bar.total, bar.n = of, step
            bar.refresh()

        export(job, name, target, progress)
    print(target)  # noqa: T201
