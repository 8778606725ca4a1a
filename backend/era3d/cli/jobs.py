# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d generate`` and ``era3d rebuild``."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from era3d.cli.progress import ProgressBars, print_json
from era3d.job import Job, Request
from era3d.stages import create_from_picture, create_from_views, run


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    generate = commands.add_parser("generate", help="from a picture, or from six views, to a mesh")
    generate.set_defaults(command=_generate)
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("picture", nargs="?", type=Path, metavar="PICTURE")
    source.add_argument("--views", type=Path, metavar="DIR", help="six views from disk, no model")
    generate.add_argument("--out", type=Path, required=True, metavar="JOB", help="the job folder")
    _add_settings(generate)
    _add_json(generate)

    rebuild = commands.add_parser("rebuild", help="run a job again from a stage on")
    rebuild.set_defaults(command=_rebuild)
    rebuild.add_argument("job", type=Path, metavar="JOB")
    rebuild.add_argument("--from", dest="stage", choices=("mesh", "texture"), default="mesh")
    _add_json(rebuild)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Options that have the names of entries of a request."""
    default = Request()
    model = "mini, 6view, ortho or a folder (default: mini)"
    parser.add_argument("--model", default=default.model, help=model)
    parser.add_argument("--seed", type=int, default=default.seed)
    qualities = ("draft", "standard", "reference")
    parser.add_argument("--quality", choices=qualities, default=default.quality)
    parser.add_argument("--steps", type=int, help="sampling steps (default: as --quality says)")
    parser.add_argument("--guidance", type=float, help="guidance (default: the model's own)")
    device = "auto, cpu, cuda, cuda:1, mps, xpu (default: auto)"
    parser.add_argument("--device", default=default.device, help=device)
    parser.add_argument("--vram-limit", type=float, metavar="GB", help="memory of the device")
    method = "levelset, or hull for a preview (default: levelset)"
    parser.add_argument("--method", default=default.method, help=method)
    cells = "voxels on the longest side, 64 to 384"
    parser.add_argument("--cells", type=int, default=default.cells, help=cells)
    parser.add_argument("--faces", type=int, default=default.faces, help="triangles, about")
    parser.add_argument("--symmetric", action="store_true", help="left and right mirror each other")
    weights = "trust in front, front_right, right, back, left, front_left; 0 to 1 each, with commas"
    parser.add_argument(
        "--view-weights", type=_weights, default=default.view_weights, metavar="W", help=weights
    )
    parser.add_argument("--texture", choices=("atlas", "vertex"), default=default.texture)
    parser.add_argument("--texture-size", type=int, default=default.texture_size)
    parser.add_argument("--normal-map", action="store_true", help="bake a normal map as well")


def _weights(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(","))


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one line of JSON an event")


def _request(options: argparse.Namespace) -> Request:
    given = vars(options)
    asked = {entry.name: given[entry.name] for entry in fields(Request) if entry.name in given}
    return Request(source="picture" if options.views is None else "views", **asked)


def _generate(options: argparse.Namespace) -> None:
    request = _request(options)
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
