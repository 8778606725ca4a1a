# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d batch``."""

import argparse
from pathlib import Path
from typing import Any

from era3d.cli.settings import add_settings, given_settings
from era3d.errors import InputError
from era3d.job import Request


def add(commands: Any) -> None:
    """Add the command to the parser."""
    batch = commands.add_parser("batch", help="every picture of a folder, with a report")
    batch.set_defaults(command=_batch)
    batch.add_argument("pictures", type=Path, metavar="DIR", help="a folder of pictures")
    batch.add_argument("--out", type=Path, required=True, metavar="DIR", help="of jobs and report")
    batch.add_argument("--workers", type=int, default=1, metavar="N", help="jobs side by side")
    add_settings(batch)


def _batch(options: argparse.Namespace) -> None:
    """Run the batch; ends with exit code 1 if something failed."""
    from tqdm import tqdm

    from era3d.batch.pictures import find_pictures, job_folders
    from era3d.batch.report import write_report
    from era3d.batch.run import Result, run_batch

    pictures = find_pictures(options.pictures)
    if options.workers < 1:
        raise InputError(f"--workers is {options.workers}; it must be 1 or more.")
    options.out.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(pictures), unit="picture") as bar:

        def tell(result: Result) -> None:
            said = "done" if result.good else result.message.splitlines()[-1]
            bar.write(f"{result.picture.name}: {said}")
            bar.update()

        folders = job_folders(pictures, options.out)
        results = run_batch(
            pictures, folders, Request(**given_settings(options)), options.workers, tell
        )
    write_report(results, options.out)
    good = sum(result.good for result in results)
    report = options.out / "report.html"
    print(f"{good} of {len(results)} pictures; {report}", flush=True)  # noqa: T201
    if good < len(results):
        raise SystemExit(1)
