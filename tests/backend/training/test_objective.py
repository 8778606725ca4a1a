# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise, what is predicted, and what errors weigh."""

import dataclasses

import pytest
import torch

from era3d.training.config import ModelConfig, TrainConfig
from era3d.training.dataset import Sample
from era3d.training.model import Predicted
from era3d.training.objective import Objective, PatchSpace, Space
from era3d.training.start import new_pipeline

MODEL = ModelConfig(
    image_size=32, patch=8, widths=(32,), norm_groups=8, head_size=16, embedding=16,
    encoder_width=32, encoder_layers=1, regressor_width=16,
)  # fmt: skip
PLAIN = TrainConfig(model=MODEL, drop=0.0, silhouette_weight=1.0)


def a_batch(count: int = 3) -> Sample:
    torch.manual_seed(1)
    targets = torch.rand(count, 12, 3, 32, 32) * 2 - 1
    alpha = (torch.rand(count, 12, 1, 32, 32) > 0.5).float()
    return Sample(torch.rand(count, 3, 32, 32) * 2 - 1, targets, alpha, torch.rand(count, 2))


def objective(**changes) -> Objective:
    config = dataclasses.replace(PLAIN, **changes)
    return Objective(config, new_pipeline(MODEL, config.prediction))


def said_right(drawn, batch):
    return Predicted(drawn.target, batch.pose, None)


@pytest.mark.parametrize("prediction", ["sample", "v_prediction"])
def test_the_truth_costs_nothing_and_an_error_what_it_is(prediction):
    aim, batch = objective(prediction=prediction, last_share=0.5), a_batch()
    drawn = aim.draw(batch)
    assert aim.losses(drawn, said_right(drawn, batch), batch).total == pytest.approx(0, abs=1e-9)
    off = Predicted(drawn.target + 0.1, batch.pose, None)
    # the patch transform keeps mean squares
    assert float(aim.losses(drawn, off, batch).total) == pytest.approx(0.01, rel=1e-4)


def test_v_and_noisy_picture_give_the_clean_one_back():
    aim, batch = objective(prediction="v_prediction", last_share=0.0), a_batch()
    drawn = aim.draw(batch)
    share = aim.share_of_image[drawn.times].repeat_interleave(6, 0)[:, :, None, None, None]
    clean = share.sqrt() * drawn.noisy - (1 - share).sqrt() * drawn.target
    pictures = aim.space.compared(clean)
    assert torch.allclose(pictures, batch.targets.transpose(0, 1), atol=1e-4)


def test_the_domains_of_an_object_have_their_own_timesteps():
    times = objective(last_share=0.0).draw(a_batch(16)).times
    assert times.shape == (2, 16)
    assert (times[0] != times[1]).any()
    assert (objective(last_share=1.0).draw(a_batch()).times == 999).all()


@pytest.mark.parametrize(("prediction", "expected"), [("sample", 5.0), ("v_prediction", 5 / 11)])
def test_min_snr_bounds_what_little_noise_weighs(prediction, expected):
    aim = objective(prediction=prediction, min_snr=5.0)
    aim.share_of_image = torch.tensor([10 / 11, 0.5])  # ratios 10 and 1
    weights = aim._snr_weight(torch.tensor([[0], [1]]), torch.device("cpu"))
    assert float(weights[0, 0]) == pytest.approx(expected)
    assert float(weights[6, 0]) == pytest.approx(1.0 if prediction == "sample" else 0.5)


def test_the_inside_of_the_silhouette_weighs_more():
    aim, batch = objective(silhouette_weight=3.0), a_batch()
    drawn = aim.draw(batch)
    off = Predicted(drawn.target + 0.1, batch.pose, None)
    squares = aim.space.compared(torch.full_like(drawn.target, 0.1)).square()
    weight = 1 + 2 * batch.alpha.transpose(0, 1)
    expected = float((squares * weight).mean())
    assert float(aim.losses(drawn, off, batch).total) == pytest.approx(expected, rel=1e-4)


def test_photos_are_withheld_as_often_as_asked_and_in_the_ways_asked():
    aim = objective(drop=0.2, drop_embedding=0.1, drop_latents=0.3)
    batch = a_batch(600)
    drawn = aim.draw(dataclasses.replace(batch, targets=batch.targets[:, :, :, :8, :8]))
    nothing = aim.space.codec.no_condition(drawn.condition)
    unseen = (drawn.condition == nothing).all(dim=(1, 2, 3))
    assert float(drawn.untold.float().mean()) == pytest.approx(0.3, abs=0.07)
    assert float(unseen.float().mean()) == pytest.approx(0.5, abs=0.07)
    assert float((drawn.untold & unseen).float().mean()) == pytest.approx(0.2, abs=0.06)
    assert torch.equal(drawn.blind, drawn.untold & unseen)


def test_a_camera_is_not_asked_of_those_who_saw_nothing():
    aim, batch = objective(drop=1.0, pose_weight=1.0), a_batch()
    drawn = aim.draw(batch)
    lost = Predicted(drawn.target, batch.pose + 1, batch.pose + 1)
    assert float(aim.losses(drawn, lost, batch).total) == pytest.approx(0, abs=1e-6)


def test_the_image_embedding_is_asked_for_the_camera_of_further_photos_too():
    batch, further = a_batch(), torch.rand(5, 2)
    seeing = objective(drop=0.0, sight_weight=0.5)
    drawn = seeing.draw(batch)
    found = Predicted(drawn.target, batch.pose, torch.cat([batch.pose, further + 1]))
    total = float(seeing.losses(drawn, found, batch, further).total)
    assert total == pytest.approx(0.5 * 5 / 8, rel=1e-5)


def test_the_regressors_are_asked_for_the_camera_of_those_that_the_network_is_shown():
    batch, further = a_batch(), torch.rand(5, 2)
    aim = objective(drop=0.0, pose_weight=1.0)
    drawn = aim.draw(batch)
    found = Predicted(drawn.target, batch.pose, None, further[:3] + 1)
    total = float(aim.losses(drawn, found, batch, further).total)
    assert total == pytest.approx(3 / (3 + len(batch.pose)), rel=1e-5)


def test_the_codec_as_a_matrix_is_the_codec():
    codec = new_pipeline(MODEL).codec
    fast, plain = PatchSpace(codec), Space(codec)
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    assert torch.allclose(fast.latents(pictures), plain.latents(pictures), atol=1e-5)
    assert torch.allclose(fast.compared(fast.latents(pictures)), pictures, atol=1e-5)
    many = fast.latents(pictures)[:, None].expand(-1, 3, -1, -1, -1)
    assert torch.allclose(fast.compared(many)[:, 2], pictures, atol=1e-5)


def test_coverage_is_that_of_a_latent_s_pixels():
    space = Space(new_pipeline(MODEL).codec)
    alpha = torch.zeros(12, 1, 1, 32, 32)
    alpha[..., :4, :] = 1
    coverage = space.coverage(alpha)
    assert coverage.shape == (12, 1, 1, 4, 4)
    assert coverage[0, 0, 0, :, 0].tolist() == [0.5, 0, 0, 0]
