# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets, and the solvers on a problem whose answer is known."""

import pytest
import torch
from diffusers import DDIMScheduler

from era3d.diffusion.schedules import RELEASED, Presets, Sampling, Schedule
from era3d.errors import InputError
from tests.backend.diffusion.golden import read


@pytest.fixture(scope="module")
def scheduler():
    return DDIMScheduler.from_config(read("released/scheduler/scheduler_config.json"))


def test_the_reference_is_as_released(scheduler):
    assert RELEASED.choose("reference") == Sampling(40, 3.0, 1.0, "ddim")
    timesteps = Schedule(RELEASED.reference, scheduler).timesteps
    assert (timesteps[:2], timesteps[-2:]) == ([976, 951], [26, 1])


def test_standard_takes_at_most_16_steps_and_draft_fewer():
    assert RELEASED.draft.steps < RELEASED.standard.steps <= 16


def test_what_is_given_overrides_a_preset():
    assert RELEASED.choose("standard", steps=5, guidance=1.0) == Sampling(5, 1.0, 0.0, "dpm++")
    assert RELEASED.choose("reference", eta=0.0).eta == 0.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"best": {}}, "best"),
        ({"draft": {"speed": 1}}, "speed"),
        ({"draft": 3}, "not understood"),
        ({"draft": {"solver": "magic"}}, "solver is 'magic'"),
        ({"draft": {"solver": "unipc", "eta": 1.0}}, "eta is 1.0; with the solver unipc"),
        ({"draft": {"steps": 2.5}}, "steps is 2.5"),
        ({"draft": {"guided": [0.5, 0.2]}}, "two shares"),
        ({"draft": {"guided": 1}}, "not understood"),
    ],
)
def test_presets_that_make_no_sense_are_named(content, message):
    with pytest.raises(InputError, match=message):
        Presets.parse(content)


def test_presets_survive_their_file():
    assert Presets.parse(RELEASED.as_dict()) == RELEASED


def test_an_unknown_quality_is_named():
    with pytest.raises(InputError, match="quality is 'best'"):
        RELEASED.choose("best")


def sample(scheduler, sampling, mean=0.4, deviation=0.2):
    """Sample a normal distribution, of which the best velocity prediction is known."""
    schedule = Schedule(sampling, scheduler)
    torch.manual_seed(0)
    shape = (40, 1, 10, 10)
    latents = torch.randn(shape) * schedule.initial_scale
    for index, timestep in enumerate(schedule.timesteps):
        alpha = scheduler.alphas_cumprod[timestep]
        a, s = alpha.sqrt(), (1 - alpha).sqrt()
        variance = (a * deviation) ** 2 + s**2
        clean = mean + a * deviation**2 / variance * (latents - a * mean)
        noise = s / variance * (latents - a * mean)
        added = torch.randn(shape) if sampling.eta else None
        latents, guess = schedule.step(index, a * noise - s * clean, latents, added)
        assert (guess - clean).abs().max() < 0.1, "the end result that is predicted"
    return latents


@pytest.mark.parametrize("solver", ["dpm++", "unipc"])
@pytest.mark.parametrize("steps", [8, 16])
def test_few_steps_reach_the_distribution(scheduler, solver, steps):
    found = sample(scheduler, Sampling(steps, 1.0, 0.0, solver))
    assert found.mean().item() == pytest.approx(0.4, abs=0.01)
    assert found.std().item() == pytest.approx(0.2, abs=0.01)


def test_few_good_steps_are_nearer_than_the_reference_s_many(scheduler):
    """So that 16 steps can stand for 40."""
    few, many, plain = (
        abs(sample(scheduler, sampling).std().item() - 0.2)
        for sampling in (
            RELEASED.standard,
            RELEASED.reference,
            Sampling(16, 1.0, 0.0, "ddim-trailing"),
        )
    )
    assert few < many / 4 < plain / 4


@pytest.mark.parametrize("solver", ["ddim-trailing", "dpm++", "unipc"])
def test_few_steps_start_from_the_last_timestep(scheduler, solver):
    timesteps = Schedule(Sampling(8, 3.0, 0.0, solver), scheduler).timesteps
    assert len(timesteps) == 8
    assert timesteps[0] == 999
    assert timesteps == sorted(timesteps, reverse=True)


def test_a_run_leaves_nothing_for_the_next(scheduler):
    sampling = Sampling(6, 1.0, 0.0, "dpm++")
    one, other = (sample(scheduler, sampling) for _ in range(2))
    assert torch.equal(one, other)
