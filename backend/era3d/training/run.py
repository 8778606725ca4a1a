# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from its beginning, or from where it was interrupted without being told again."""

import dataclasses
from pathlib import Path

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.progress import Progress, ignore
from era3d.training.config import ScheduleConfig, TrainConfig
from era3d.training.data import load_data
from era3d.training.sight import SightTrainer
from era3d.training.trainer import Trainer, make_accelerator

RUN = "run.json"
_HERE = Path(__file__).parent


def prepare(
    out: Path,
    config: str | None,
    corpus: Path | None,
    start: str | None = None,
    steps: int | None = None,
    resume: bool = False,
    encoder: str | None = None,
) -> tuple[TrainConfig, Path]:
    """Find configuration and meshes of a run, new or resumed, and note them in its folder.

    Parameters
    ----------
    out : Path
        The run's folder.
    config : str, optional
        A TOML file, or the name of one that comes with the package; with `resume` it may be left
        out, as may all else, and what the run was asked for at first holds.
    corpus : Path, optional
        See `era3d.training.data.open_meshes`.
    start, steps
        Instead of the configuration's start, and of where its schedule ends.
    resume : bool
    encoder : str, optional
        Instead of the configuration's.

    Raises
    ------
    InputError
        If something is missing.
    """
    noted = read_object(out / RUN, {}) if resume else {}
    if config is not None:
        settings = load_config(config)
    elif "config" in noted:
        settings = TrainConfig.from_dict(noted["config"], str(out / RUN))
    else:
        shipped = ", ".join(sorted(path.stem for path in _HERE.glob("*.toml")))
        raise InputError(f"Say which CONFIG: a TOML file, or one of {shipped}.")
    if corpus is None:
        if "corpus" not in noted:
            raise InputError("Say which meshes to train on: --corpus DIR.")
        corpus = Path(noted["corpus"])
    if start is not None:
        settings = dataclasses.replace(settings, start=start)
    if encoder is not None:
        settings = dataclasses.replace(settings, encoder=encoder)
    if steps is not None:
        settings = dataclasses.replace(settings, schedule=_ending(settings, steps))
    out.mkdir(parents=True, exist_ok=True)
    told = {"config": dataclasses.asdict(settings), "corpus": str(corpus.resolve())}
    write_object(out / RUN, told)
    return settings, corpus


def train(
    config: TrainConfig, corpus: Path, out: Path, resume: bool, progress: Progress = ignore
) -> None:
    """Train until the schedule ends; then write the model to ``out/model``.

    Parameters
    ----------
    config : TrainConfig
    corpus : Path
        See `era3d.training.data.open_meshes`.
    out : Path
        For drawings, checkpoint, log and model.
    resume : bool
        Go on from the checkpoint in `out`, or begin if it was never reached; without it, one that
        is there is an error.
    progress : Progress
        Called with objects drawn and to be drawn, for each drawing; then with samples seen and to
        be seen.

    Raises
    ------
    InputError
        For a bad configuration or corpus, or a checkpoint that does not belong to them.
    """
    accelerator = make_accelerator(config)
    with accelerator.main_process_first():
        shown = progress if accelerator.is_main_process else ignore
        data = load_data(config, corpus, out, shown)
    kind = SightTrainer if config.task == "camera" else Trainer
    trainer = kind(config, data, out, resume, accelerator)
    trainer.run(shown)
    trainer.export(out / "model")


def load_config(name: str) -> TrainConfig:
    """Read a TOML file, or one that comes with the package by its name."""
    own = _HERE / f"{name}.toml"
    return TrainConfig.load(own if name.isidentifier() and own.is_file() else Path(name))


def _ending(settings: TrainConfig, steps: int) -> ScheduleConfig:
    total = steps * settings.batch * settings.accumulate
    return dataclasses.replace(settings.schedule, total=total)
