# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d generate`` and ``era3d rebuild``."""

import argparse
from pathlib import Path
from typing import Any

from era3d.cli.progress import ProgressBars, print_json
from era3d.cli.settings import add_settings, given_settings
from era3d.job import Job, Request
from era3d.stages import create_from_picture, create_from_views, run, stages_of

_STAGES = ("prepare", "views", "mesh", "texture", "splats")


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    generate = commands.add_parser("generate", help="from a picture, or from six views, to a mesh")
    generate.set_defaults(command=_generate)
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("picture", nargs="?", type=Path, metavar="PICTURE")
    source.add_argument("--views", type=Path, metavar="DIR", help="six views from disk, no model")
    generate.add_argument("--out", type=Path, required=True, metavar="JOB", help="the job folder")
    _add_run(generate)

    rebuild = commands.add_parser("rebuild", help="run again what an edit or a setting changed")
    rebuild.set_defaults(command=_rebuild)
    rebuild.add_argument("job", type=Path, metavar="JOB")
    again = "run this stage and those after it even if nothing changed"
    rebuild.add_argument("--from", dest="stage", choices=_STAGES, help=again)
    _add_run(rebuild)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--until", choices=_STAGES, help="stop after this stage")
    parser.add_argument("--json", action="store_true", help="one line of JSON an event")
    add_settings(parser)


def _generate(options: argparse.Namespace) -> None:
    settings = given_settings(options)
    if options.views is None:
        job = create_from_picture(options.out, Request(**settings), options.picture)
    else:
        job = create_from_views(options.out, Request(source="views", **settings), options.views)
    _run(job, options)


def _rebuild(options: argparse.Namespace) -> None:
    job = Job(options.job)
    job.change(given_settings(options))
    _run(job, options, again_from=options.stage)


def _run(job: Job, options: argparse.Namespace, again_from: str | None = None) -> None:
    log = job.events()
    log.listeners.append(print_json if options.json else ProgressBars().show)
    run(job, again_from, log, options.until)
    if not options.json:
        made = stages_of(job.request, last=options.until)[-1].outputs(job.request)
        print(f"{job.path(made[0])}", flush=True)  # noqa: T201
