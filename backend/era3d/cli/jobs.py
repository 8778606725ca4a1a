# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d generate`` and ``era3d rebuild``."""

import argparse
from pathlib import Path
from typing import Any

from era3d.cli.progress import ProgressBars, print_json
from era3d.cli.settings import add_settings, request_of
from era3d.job import Job
from era3d.stages import create_from_picture, create_from_views, run


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    generate = commands.add_parser("generate", help="from a picture, or from six views, to a mesh")
    generate.set_defaults(command=_generate)
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("picture", nargs="?", type=Path, metavar="PICTURE")
    source.add_argument("--views", type=Path, metavar="DIR", help="six views from disk, no model")
    generate.add_argument("--out", type=Path, required=True, metavar="JOB", help="the job folder")
    add_settings(generate)
    _add_json(generate)

    rebuild = commands.add_parser("rebuild", help="run a job again from a stage on")
    rebuild.set_defaults(command=_rebuild)
    rebuild.add_argument("job", type=Path, metavar="JOB")
    rebuild.add_argument("--from", dest="stage", choices=("mesh", "texture"), default="mesh")
    _add_json(rebuild)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one line of JSON an event")


def _generate(options: argparse.Namespace) -> None:
    source = "picture" if options.views is None else "views"
    request = request_of(options, source)
    if options.views is None:
        job = create_from_picture(options.out, request, options.picture)
    else:
        job = create_from_views(options.out, request, options.views)
    _run(job, options)


def _rebuild(options: argparse.Namespace) -> None:
    _run(Job(options.job), options, again_from=options.stage)


def _run(job: Job, options: argparse.Namespace, again_from: str | None = None) -> None:
    log = job.events()
    log.listeners.append(print_json if options.json else ProgressBars().show)
    run(job, again_from, log)
    if not options.json:
        print(f"{job.path('mesh.glb')}", flush=True)  # noqa: T201
