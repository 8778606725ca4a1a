# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line ``era3d``."""

import argparse
import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from era3d import __version__
from era3d.errors import Cancelled, InputError
from era3d.job import Job, Request
from era3d.stages import STAGES, run, store_picture, store_views, write_cameras

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
    _add_generate(commands)
    _add_rebuild(commands)
    _add_train(commands)
    _add_evaluate(commands)
    return parser


def _add_generate(commands: Any) -> None:
    default = Request()
    generate = commands.add_parser("generate", help="from a picture, or from six views, to a mesh")
    generate.set_defaults(command=_generate)
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("picture", nargs="?", type=Path, metavar="PICTURE")
    source.add_argument("--views", type=Path, metavar="DIR", help="six views from disk, no model")
    generate.add_argument("--out", type=Path, required=True, metavar="JOB", help="the job folder")
    generate.add_argument(
        "--model", default=default.model, help="mini, 6view, ortho or a folder (default: mini)"
    )
    generate.add_argument("--seed", type=int, default=default.seed)
    generate.add_argument("--steps", type=int, help="sampling steps (default: the model's own)")
    generate.add_argument("--guidance", type=float, help="guidance (default: the model's own)")
    generate.add_argument(
        "--cells", type=int, default=default.cells, help="voxels on the longest side, 64 to 384"
    )
    generate.add_argument("--faces", type=int, default=default.faces, help="triangles, about")
    generate.add_argument("--texture-size", type=int, default=default.texture_size)
    _add_json(generate)


def _add_rebuild(commands: Any) -> None:
    rebuild = commands.add_parser("rebuild", help="run a job again from a stage on")
    rebuild.set_defaults(command=_rebuild)
    rebuild.add_argument("job", type=Path, metavar="JOB")
    rebuild.add_argument("--from", dest="stage", choices=("mesh", "texture"), default="mesh")
    _add_json(rebuild)


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="train a model on a corpus of meshes")
    train.set_defaults(command=_train)
    train.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file")
    train.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    train.add_argument("--resume", action="store_true", help="go on with an interrupted run")


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate-model", help="measure a model on unseen objects")
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("model", type=Path, metavar="DIR")
    evaluate.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    evaluate.add_argument(
        "--drawings", type=Path, required=True, metavar="DIR", help="cache of rendered objects"
    )
    evaluate.add_argument("--grid", type=Path, metavar="FILE", help="picture of some results")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one line of JSON an event")


def _generate(options: argparse.Namespace) -> None:
    request = Request(
        source="picture" if options.views is None else "views",
        model=options.model,
        seed=options.seed,
        steps=options.steps,
        guidance=options.guidance,
        cells=options.cells,
        faces=options.faces,
        texture_size=options.texture_size,
    )
    if options.views is None:
        from era3d.prepare import read_picture

        picture = read_picture(options.picture)
        job = Job.create(options.out, request)
        store_picture(job, picture)
    else:
        from era3d.views import load_views

        views = load_views(options.views)
        job = Job.create(options.out, request)
        store_views(job, views)
        write_cameras(job, None)
    _run(job, options)


def _rebuild(options: argparse.Namespace) -> None:
    _run(Job(options.job), options, again_from=options.stage)


def _train(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from era3d.training.trainer import train

    with tqdm(unit="sample", desc="training") as bar:

        def progress(step: int, of: int) -> None:
            bar.total, bar.n = of, step
            bar.refresh()

        train(options.config, options.corpus, options.out, options.resume, progress)


def _evaluate(options: argparse.Namespace) -> None:
    from era3d.training.metrics import evaluate, table

    found = evaluate(options.model, options.corpus, options.drawings, options.grid)
    print(table(found))  # noqa: T201


def _run(job: Job, options: argparse.Namespace, again_from: str | None = None) -> None:
    log = job.events()
    log.listeners.append(_print_json if options.json else ProgressBars().show)
    run(job, again_from, log)
    if not options.json:
        print(f"{job.path('mesh.glb')}", flush=True)  # noqa: T201


class ProgressBars:
    """One bar a stage on standard error."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, event: dict[str, Any]) -> None:
        """Draw an event."""
        from tqdm import tqdm

        kind = event["kind"]
        if kind == "started":
            width = max(len(stage.name) for stage in STAGES)
            layout = "{desc} {bar:30} {n_fmt}/{total_fmt} [{elapsed}]"
            self._bar = tqdm(desc=event["stage"].ljust(width), total=1, bar_format=layout)
        elif kind == "progress":
            self._bar.total, self._bar.n = event["of"], event["step"]
            self._bar.refresh()
        elif kind == "skipped":
            tqdm.write(f"{event['stage']} is up to date", file=sys.stderr)
        elif self._bar is not None:
            if kind == "finished":
                self._bar.n = self._bar.total
                self._bar.refresh()
            self._bar.close()
            self._bar = None


def _print_json(event: dict[str, Any]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)  # noqa: T201


def _say(message: str, code: int) -> int:
    print(f"era3d: {message}", file=sys.stderr, flush=True)  # noqa: T201
    return code


def _terminate(number: int, frame: object) -> None:
    raise Cancelled
