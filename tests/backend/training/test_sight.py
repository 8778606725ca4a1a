# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image encoder learns the camera, and all else of a model stays as it is."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from era3d.diffusion.checkpoint import load_pipeline, save_pipeline
from era3d.errors import InputError
from era3d.training.config import DataConfig, DrawConfig, PhotoConfig, ScheduleConfig, TrainConfig
from era3d.training.data import load_data
from era3d.training.sight import SightTrainer
from era3d.training.start import new_pipeline
from tests.backend.training.test_trainer import CONFIG as SMALL
from tests.backend.training.test_trainer import FOLDER

MODEL = dataclasses.replace(SMALL.model, widths=(32,), attention=(True,))
CONFIG = TrainConfig(
    task="camera",
    batch=16,
    threads=1,
    look_every=160,
    schedule=ScheduleConfig(warmup=32, total=640, decay=160),
    model=MODEL,
    data=DataConfig(
        draws=(DrawConfig(photos=6),),
        sight=(PhotoConfig(count=200, company=0.0),),
        seen_fraction=0.3,
    ),
)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A model to go on from."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("start")
    save_pipeline(new_pipeline(MODEL), folder, torch.float32)
    return folder


@pytest.fixture(scope="module")
def trained(start, tmp_path_factory):
    """A finished run's folder, its error at the first step and, on average, after the last."""
    out = tmp_path_factory.mktemp("run")
    config = dataclasses.replace(CONFIG, start=str(start))
    trainer = SightTrainer(config, load_data(config, FOLDER, out), out, False)
    first = float(trainer.step()[0].total)
    trainer.run()
    trainer.export(out / "model")
    return out, first, np.mean([float(trainer.step()[0].total) for _ in range(8)])


def test_only_the_encoder_changes(start, trained):
    before, after = load_pipeline(start), load_pipeline(trained[0] / "model")
    for part in ("unet", "image_encoder"):
        old, new = (getattr(p, part).state_dict() for p in (before, after))
        same = [torch.allclose(new[name], old[name], rtol=1e-3, atol=1e-6) for name in old]
        assert all(same) if part == "unet" else not any(same)
    assert torch.allclose(after.prompts, before.prompts, rtol=1e-3)


def test_it_learns_and_what_is_kept_out_is_measured(trained):
    out, first, last = trained
    assert last < first / 2
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    looks = [x for x in log if "elevation" in x]
    assert [x["samples"] for x in looks] == [160, 320, 480, 640]
    for kind in ("", "any_"):
        assert all(0 < x[f"{kind}elevation"] < 30 and 0 < x[f"{kind}focal"] < 0.5 for x in looks)
        assert len({x[f"{kind}elevation_constant"] for x in looks}) == 1


def test_interrupted_it_goes_on_bit_for_bit(tmp_path):
    data = load_data(CONFIG, FOLDER, tmp_path)
    short = dataclasses.replace(CONFIG, schedule=ScheduleConfig(warmup=32, total=64, decay=32))

    def weights(trainer):
        return torch.cat([p.flatten() for p in trainer.model.learned().values()])

    straight = SightTrainer(short, data, tmp_path / "straight", False)
    straight.run()
    killed = SightTrainer(short, data, tmp_path / "killed", False)
    killed.step()
    killed.save()
    killed.step()  # lost
    resumed = SightTrainer(short, data, tmp_path / "killed", True)
    resumed.run()
    assert torch.equal(weights(resumed), weights(straight))


def test_a_task_that_does_not_exist_is_named():
    with pytest.raises(InputError, match="task cannot be 'depth'"):
        TrainConfig(task="depth")
