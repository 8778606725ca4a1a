# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d train`` and ``era3d evaluate-model``."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from era3d.errors import InputError
from era3d.progress import Progress


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    train = commands.add_parser("train", help="train a model on a corpus of meshes")
    train.set_defaults(command=_train)
    train.add_argument(
        "config",
        nargs="?",
        metavar="CONFIG",
        help="a TOML file, or mini, sight, seeing, mini128, folder, full; with --resume the run's",
    )
    train.add_argument("--corpus", type=Path, metavar="DIR", help="a corpus, or any GLB files")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    train.add_argument("--start", metavar="MODEL", help="a model to go on from, or SD 2.1 unCLIP")
    train.add_argument("--encoder", metavar="MODEL", help="whose image encoder takes its place")
    train.add_argument("--steps", type=int, metavar="N", help="stop after so many steps")
    train.add_argument("--resume", action="store_true", help="go on with an interrupted run")

    evaluate = commands.add_parser("evaluate-model", help="measure a model on unseen objects")
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("model", type=Path, metavar="DIR")
    evaluate.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    evaluate.add_argument(
        "--drawings", type=Path, required=True, metavar="DIR", help="cache of rendered objects"
    )
    evaluate.add_argument("--seeds", type=int, default=3, metavar="N", help="default: 3")
    evaluate.add_argument(
        "--photos", metavar="CONFIG", help="photos as in this configuration's first drawing"
    )
    evaluate.add_argument("--grid", type=Path, metavar="FILE", help="picture of some results")
    evaluate.add_argument(
        "--meshes", type=int, default=0, metavar="N", help="make meshes of so many objects too"
    )


def _train(options: argparse.Namespace) -> None:
    from era3d.training.run import prepare, train

    config, corpus = prepare(
        options.out,
        options.config,
        options.corpus,
        options.start,
        options.steps,
        options.resume,
        options.encoder,
    )
    with _bar("sample", "training") as progress:
        train(config, corpus, options.out, options.resume, progress)


def _evaluate(options: argparse.Namespace) -> None:
    from PIL import Image

    from era3d.training.chain import chain_table, run_chain
    from era3d.training.data import open_meshes
    from era3d.training.metrics import evaluate, grid, open_case, predict, table
    from era3d.training.run import load_config

    if options.seeds < 1:
        raise InputError(f"--seeds must be 1 at least, not {options.seeds}.")
    conditions = load_config(options.photos).data.draws[0] if options.photos else None
    case = open_case(options.model, open_meshes(options.corpus), options.drawings, conditions)
    if not case.truth:
        raise InputError("Nothing was kept out of this model's training: there is no measure.")
    print(table(evaluate(case, options.seeds)))  # noqa: T201
    part = list(case.truth)[-1]
    if options.grid is not None:
        truth = case.truth[part]
        Image.fromarray(grid(predict(case.pipeline, truth), truth)).save(options.grid)
    if options.meshes:
        with _bar("object", "meshes") as progress:
            found = run_chain(case, part, options.meshes, progress=progress)
        print(f"\n{chain_table(found)}")  # noqa: T201


@contextmanager
def _bar(unit: str, description: str) -> Iterator[Progress]:
    """A progress bar on standard error."""
    from tqdm import tqdm

    with tqdm(unit=unit, desc=description, file=sys.stderr) as bar:

        def progress(step: int, of: int) -> None:
            if bar.total != of or step < bar.n:
                # Another count, or one that goes on from an earlier run.
                bar.reset(total=of)
                bar.initial = bar.n = step
            bar.update(step - bar.n)

        yield progress
