# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: resuming, atomic checkpoints, learning."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from era3d.diffusion.checkpoint import load_pipeline
from era3d.errors import InputError
from era3d.training.checkpoint import CHECKPOINT
from era3d.training.config import (
    DataConfig,
    DrawConfig,
    ModelConfig,
    PhotoConfig,
    ScheduleConfig,
    TrainConfig,
)
from era3d.training.corpus import Corpus
from era3d.training.data import load_data
from era3d.training.dataset import Drawings, draw_all
from era3d.training.model import Further, Trainee, order, unorder
from era3d.training.objective import Objective
from era3d.training.optimizer import orthogonalize
from era3d.training.start import new_pipeline
from era3d.training.trainer import Trainer

try:
    import resource
except ImportError:  # Windows
    resource = None

FOLDER = Path(__file__).parents[2] / "data" / "corpus"
CONFIG = TrainConfig(
    batch=2,
    threads=1,
    schedule=ScheduleConfig(warmup=4, total=12, decay=4),
    model=ModelConfig(
        image_size=32,
        patch=8,
        widths=(32, 32),
        attention=(False, True),
        norm_groups=8,
        head_size=16,
        embedding=16,
        encoder_width=32,
        encoder_layers=1,
        regressor_width=16,
    ),
    data=DataConfig(draws=(DrawConfig(photos=2),), seen_fraction=0.0, recolor=0.2),
)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    return load_data(CONFIG, FOLDER, tmp_path_factory.mktemp("run")).drawings


def weights(trainer):
    return torch.cat([value.flatten() for value in trainer.model.state_dict().values()])


def test_interrupted_training_goes_on_bit_for_bit(drawings, tmp_path):
    straight = Trainer(CONFIG, drawings, tmp_path / "straight", False)
    straight.run()
    killed = Trainer(CONFIG, drawings, tmp_path / "killed", False)
    for _ in range(3):
        killed.step()
    killed.save()
    killed.step()  # lost
    resumed = Trainer(CONFIG, drawings, tmp_path / "killed", True)
    assert resumed.samples == 6
    resumed.run()
    assert torch.equal(weights(straight), weights(resumed))
    assert all(torch.equal(value, resumed.average[k]) for k, value in straight.average.items())


@pytest.mark.skipif(resource is None, reason="a limit on the size of files is POSIX's")
def test_a_full_disk_leaves_the_last_checkpoint(drawings, tmp_path):
    """The limit on the size of files stops the writing in its midst, as a full disk does."""
    trainer = Trainer(CONFIG, drawings, tmp_path, False)
    trainer.save()
    before = (tmp_path / CHECKPOINT).read_bytes()
    trainer.step()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(InputError, match="the one before is kept"):
            trainer.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert [path.name for path in tmp_path.glob("*tmp*")] == []


def test_a_foreign_or_broken_checkpoint_is_refused(drawings, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="is no checkpoint"):
        Trainer(CONFIG, drawings, tmp_path, True)
    torch.save({"something": "else"}, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match="another model"):
        Trainer(CONFIG, drawings, tmp_path, True)


def test_checkpoints_are_neither_overwritten_nor_confused(drawings, tmp_path):
    Trainer(CONFIG, drawings, tmp_path, False).save()
    with pytest.raises(InputError, match="resume"):
        Trainer(CONFIG, drawings, tmp_path, False)
    other = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, widths=(32, 64)))
    with pytest.raises(InputError, match="another model"):
        Trainer(other, drawings, tmp_path, True)


def test_exported_model_is_the_average_and_runs(drawings, tmp_path):
    trainer = Trainer(CONFIG, drawings, tmp_path / "run", False)
    trainer.step()
    trainer.export(tmp_path / "model")
    note = json.loads((tmp_path / "model" / "training.json").read_text())
    assert note["samples"] == 2
    pipeline = load_pipeline(tmp_path / "model")
    stored = pipeline.unet.state_dict()["conv_in.weight"]
    assert torch.equal(stored, trainer.average["unet.conv_in.weight"].half().float())
    out = pipeline(np.full((32, 32, 3), 128, np.uint8))
    assert out.color.shape == (6, 32, 32, 3)
    assert out.elevation is not None


def test_network_sees_in_training_what_the_pipeline_shows_it(drawings):
    torch.manual_seed(0)
    pipeline = new_pipeline(CONFIG.model)
    model = Trainee(pipeline).eval()
    batch = drawings.pick(1, np.random.default_rng(0))
    photo = ((batch.photo[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    noise = torch.randn(12, pipeline.codec.channels, 4, 4)
    label_noise = torch.randn(12, CONFIG.model.embedding)
    out = pipeline(photo, noise=[label_noise, noise])
    space = Objective(CONFIG, pipeline).space
    condition = pipeline.codec.condition(batch.photo / 2 + 0.5)
    last = torch.full((2, 1), 999)
    with torch.inference_mode():
        untold = torch.zeros(1, dtype=torch.bool)
        found = model(noise[:, None], last, batch.photo, condition, label_noise, untold)
        pictures = (space.compared(found.latents)[:, 0] / 2 + 0.5).clamp(0, 1)
    assert pictures[:6].permute(0, 2, 3, 1).numpy() == pytest.approx(out.normal, abs=1e-3)
    assert pictures[6:].permute(0, 2, 3, 1).numpy() == pytest.approx(out.color, abs=1e-3)


def test_an_encoder_that_is_asked_for_the_camera_learns_of_it(drawings, tmp_path):
    data = dataclasses.replace(CONFIG.data, sight=(PhotoConfig(count=8),))
    seeing = dataclasses.replace(CONFIG, sight_weight=1.0, sight_photos=4, data=data)
    trainer = Trainer(seeing, load_data(seeing, FOLDER, tmp_path), tmp_path / "seeing", False)
    before = trainer.model.sight.weight.detach().clone()
    trainer.step()
    assert not torch.equal(before, trainer.model.sight.weight)
    trainer.export(tmp_path / "model")  # what only training uses is left behind
    load_pipeline(tmp_path / "model")
    assert Trainer(CONFIG, drawings, tmp_path / "blind", False).model.sight is None


def test_further_photos_teach_the_regressors_and_nothing_else_of_the_network(tmp_path):
    data = dataclasses.replace(CONFIG.data, sight=(PhotoConfig(count=8),))
    seeing = dataclasses.replace(CONFIG, sight_photos=4, pose_photos=2, data=data)
    trainer = Trainer(seeing, load_data(seeing, FOLDER, tmp_path), tmp_path / "seeing", False)
    shots = trainer.data.photos.pick(4, trainer.generator)
    further = trainer.objective.draw_further(shots)
    batch = trainer.data.drawings.pick(2, trainer.generator)
    drawn = trainer.objective.draw(batch)
    told = drawn.noisy, drawn.times, batch.photo, drawn.condition, drawn.label_noise, drawn.untold
    said = trainer.model(*told, further)
    assert said.further_pose.shape == (2, 2)
    said.further_pose.sum().backward()
    learned = {name for name, p in trainer.model.named_parameters() if p.grad is not None}
    assert learned
    assert all("regressor" in name for name in learned)
    trainer.step()


def test_what_the_network_is_shown_of_a_further_photo_is_what_it_is_shown_of_any(drawings):
    pipeline = new_pipeline(CONFIG.model)
    model = Trainee(pipeline).eval()
    batch = drawings.pick(1, np.random.default_rng(0))
    drawn = Objective(CONFIG, pipeline).draw(batch)
    last = torch.full((2, 1), len(pipeline.scheduler.alphas_cumprod) - 1)
    told = drawn.noisy, last, batch.photo, drawn.condition, drawn.label_noise
    further = Further(batch.photo, batch.pose, drawn.noisy, drawn.condition, drawn.label_noise)
    said = model(*told, torch.zeros(1, dtype=torch.bool), further)
    torch.testing.assert_close(said.further_pose, said.pose)


def test_order_groups_by_domain_then_object():
    images = torch.arange(24).view(12, 2)  # image i of object j is 2 i + j
    batch = order(images)
    assert batch[:8].tolist() == [0, 2, 4, 6, 8, 10, 1, 3]
    assert batch[12:14].tolist() == [12, 14]
    assert torch.equal(unorder(batch), images)


def test_orthogonalized_matrices_keep_directions():
    torch.manual_seed(0)
    matrices = torch.randn(2, 8, 20)
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    found = orthogonalize(matrices)
    assert torch.linalg.svdvals(found).sub(0.95).abs().max() < 0.35
    assert ((u.mT @ found @ v.mT).diagonal(dim1=1, dim2=2) > 0.6).all()
    assert torch.allclose(orthogonalize(matrices.mT), found.mT, atol=0.05)


def test_schedule_rises_holds_and_falls():
    schedule = ScheduleConfig(warmup=10, total=100, decay=50)
    factors = [schedule.factor(samples) for samples in (0, 9, 30, 75, 100, 200)]
    assert factors == [0.1, 1.0, 1.0, 0.5, 0.0, 0.0]


def test_configuration_errors_are_named(tmp_path):
    path = tmp_path / "run.toml"
    with pytest.raises(InputError, match="no training configuration"):
        TrainConfig.load(path)
    path.write_text("batch = ")
    with pytest.raises(InputError, match="not valid TOML"):
        TrainConfig.load(path)
    path.write_text("[model]\nwidth = 3")
    with pytest.raises(InputError, match="'width'"):
        TrainConfig.load(path)
    path.write_text("[model]\nwidths = [8, 16]\n[[data.draws]]\nseed = 4")
    assert TrainConfig.load(path).model.widths == (8, 16)
    assert TrainConfig.load(path).data.draws == (DrawConfig(seed=4),)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    """Drawings of a few objects, one photo of each."""
    corpus, folder = Corpus(FOLDER), tmp_path_factory.mktemp("eight")
    records = corpus.records[:8]
    folders = draw_all(corpus, records, [DrawConfig(photos=1)], 32, folder)
    return Drawings(folders, [1.0], [record.id for record in records], 0.0)


EIGHT = dataclasses.replace(
    CONFIG,
    batch=8,
    matrix_lr=4e-3,
    lr=2e-3,
    last_share=1.0,
    drop=0.0,
    schedule=ScheduleConfig(warmup=80, total=1600, decay=800),
    model=dataclasses.replace(
        CONFIG.model, widths=(96,), attention=(True,), norm_groups=32, head_size=32
    ),
)


@pytest.mark.slow
def test_two_hundred_steps_learn_eight_objects_by_heart(eight, tmp_path):
    """From scratch: to under 0.01, and to less than a tenth of where it began."""
    assert len(eight) == 8
    trainer = Trainer(EIGHT, eight, tmp_path, False)
    first = float(trainer.step()[0].from_noise)
    trainer.run()
    last = np.mean([float(trainer.step()[0].from_noise) for _ in range(8)])
    assert trainer.step_count == 200 + 8
    assert last < 0.01
    assert last < first / 10
