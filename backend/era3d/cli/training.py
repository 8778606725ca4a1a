# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d train`` and ``era3d evaluate-model``."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    train = commands.add_parser("train", help="train a model on a corpus of meshes")
    train.set_defaults(command=_train)
    train.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file")
    train.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    train.add_argument("--resume", action="store_true", help="go on with an interrupted run")

    evaluate = commands.add_parser("evaluate-model", help="measure a model on unseen objects")
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("model", type=Path, metavar="DIR")
    evaluate.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    evaluate.add_argument(
        "--drawings", type=Path, required=True, metavar="DIR", help="cache of rendered objects"
    )
    evaluate.add_argument("--grid", type=Path, metavar="FILE", help="picture of some results")


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
