# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sampling, against the reference's numbers."""

import numpy as np
import pytest
import torch

from era3d.cameras import VIEWS
from era3d.diffusion.checkpoint import load_pipeline
from era3d.diffusion.guidance import join_halves, split_halves
from era3d.diffusion.noise import Noise
from era3d.diffusion.pipeline import LOOK_EVERY
from era3d.diffusion.schedules import Presets, Sampling
from era3d.errors import Cancelled, InputError
from tests.backend.diffusion.golden import difference, read, tensors
from tests.backend.models import tiny_pipeline


@pytest.fixture(scope="module")
def pipeline(checkpoint):
    return load_pipeline(checkpoint)


@pytest.fixture(scope="module")
def ortho(ortho_checkpoint):
    return load_pipeline(ortho_checkpoint)


@pytest.fixture(scope="module")
def picture():
    return tensors("pipeline_regress_small/inputs.safetensors")["image_u8"].numpy()


def reference_noise():
    given = tensors("pipeline_regress_small/inputs.safetensors")
    return [given["clip_noise"], given["init_latents_unit"], *given["step_noise"]]


class Recorder:
    """Keeps what goes into the network and comes out of it."""

    def __init__(self, network):
        self.calls = []
        self.hook = network.register_forward_hook(lambda _m, inputs, out: self.keep(inputs, out))

    def keep(self, inputs, output):
        self.calls.append((inputs, output))

    def __enter__(self):
        return self.calls

    def __exit__(self, *_):
        self.hook.remove()


@pytest.mark.parametrize("case", ["pipeline_regress_small", "pipeline_ortho_small"])
def test_sampling_is_the_reference_s(case, pipeline, ortho, picture):
    call = read(f"{case}/config.json")["call"]
    pipe = pipeline if "regress" in case else ortho
    wanted = tensors(f"{case}/outputs.safetensors")
    steps, progress = [], []
    with Recorder(pipe.unet) as calls:
        views = pipe(
            picture,
            quality="reference",
            steps=call["num_inference_steps"],
            guidance=call["guidance_scale"],
            eta=call["eta"],
            noise=reference_noise(),
            on_step=steps.append,
            progress=lambda step, of: progress.append((step, of)),
        )
    (sample, _, prompts, labels), output = calls[0]
    assert difference(sample, wanted["step0_unet_sample"]) < 2e-5
    assert difference(labels, wanted["step0_class_labels"]) < 2e-5
    assert torch.equal(prompts, wanted["step0_encoder_hidden_states"])
    assert difference(output.sample, wanted["step0_unet_out"]) < 5e-5
    assert [step.timestep for step in steps] == wanted["timesteps"].tolist()
    assert progress == [(n, 5) for n in range(1, 6)]
    latents = torch.stack([step.latents for step in steps])
    assert difference(latents, wanted["latents_after_step"]) < 2e-4
    images = wanted["images"].float().permute(0, 2, 3, 1).numpy()
    assert np.abs(np.concatenate([views.normal, views.color]) - images).max() < 1e-3
    check_pose(views, [out.pose for _, out in calls], wanted)


def check_pose(views, raw, wanted):
    if "pose_raw" not in wanted:
        assert raw == [None] * 5
        assert views.elevations == views.focals == ()
        assert views.elevation is views.focal is None
        return
    assert difference(torch.stack(raw), wanted["pose_raw"]) < 2e-5
    assert views.elevations == pytest.approx(
        wanted["elevation_guided"].flatten().tolist(), abs=1e-4
    )
    assert views.focals == pytest.approx(wanted["focal_guided"].flatten().tolist(), abs=1e-4)
    assert views.elevation == pytest.approx(wanted["elevation_guided"].mean().item(), abs=1e-4)
    assert views.focal == pytest.approx(wanted["focal_guided"].mean().item(), abs=1e-4)


class Enough(Exception):
    """Raised to stop once a test has seen what it wants."""


def first_step(pipe, picture, **settings):
    """Return what goes into the network and what the first step makes of it; decode nothing."""
    seen = []

    def stop(step):
        seen.append(step.latents)
        raise Enough

    with Recorder(pipe.unet) as calls, pytest.raises(Enough):
        pipe(picture, quality="reference", on_step=stop, **settings)
    return calls[0][0], seen[0]


def test_a_seed_draws_the_reference_s_noise():
    """So the order of drawing is part of the result."""
    draw = Noise(600, None, torch.device("cpu"))
    assert all(torch.equal(draw(tuple(noise.shape)), noise) for noise in reference_noise())


def test_without_guidance_half_the_work_is_done(pipeline, picture):
    sampling = {"steps": 2, "guidance": 1}
    with Recorder(pipeline.unet) as calls:
        views = pipeline(picture, quality="reference", **sampling)
    assert [len(inputs[0]) for inputs, _ in calls] == [12, 12]
    assert views.color.shape == views.normal.shape == (len(VIEWS), 128, 128, 3)
    assert views.color.dtype == np.float32
    assert views.elevations == pytest.approx([out.pose[0, 0].item() for _, out in calls])
    assert views.sampling == Sampling(2, 1, 1.0)


@pytest.mark.parametrize(
    ("interval", "rows"), [((0, 1), [24] * 4), ((0, 0), [12] * 4), ((0.25, 0.75), [12, 24, 24, 12])]
)
def test_guidance_on_an_interval_costs_the_other_half_only_there(
    pipeline, picture, monkeypatch, interval, rows
):
    sampling = Sampling(4, 3.0, 0.0, guided=interval)
    monkeypatch.setattr(pipeline, "presets", Presets.same(sampling))
    with Recorder(pipeline.unet) as calls:
        views = pipeline(picture)
    assert [len(inputs[0]) for inputs, _ in calls] == rows
    if interval == (0, 0):
        unguided = pipeline(picture, guidance=1.0)
        assert (views.color == unguided.color).all()


def test_the_seed_alone_decides(pipeline, picture):
    latents = [
        first_step(pipeline, picture, steps=2, guidance=1, seed=seed)[1] for seed in (0, 0, 1)
    ]
    assert torch.equal(latents[0], latents[1])
    assert difference(latents[0], latents[2]) > 0.1


def test_half_precision_stays_close(picture):
    """On a GPU only network and image encoder are in float16."""
    _, wanted = first_step(tiny_pipeline(), picture)
    inputs, latents = first_step(tiny_pipeline().to("cpu", torch.float16), picture)
    assert {x.dtype for x in inputs if x.is_floating_point()} == {torch.float16}
    assert latents.dtype == torch.float32
    assert difference(latents, wanted) < 1e-2


def test_sampling_stops_when_asked(pipeline, picture):
    def stop(step, of):
        raise Cancelled

    with Recorder(pipeline.unet) as calls, pytest.raises(Cancelled):
        pipeline(picture, steps=3, guidance=1, progress=stop)
    assert len(calls) == 1


def test_transparency_and_size_are_taken_care_of(pipeline, picture):
    """A larger RGBA picture with nothing in it is the same as white."""
    ghost = np.zeros((256, 256, 4), np.uint8)
    ghost[..., :3] = np.random.default_rng(0).integers(0, 256, (256, 256, 3))
    white = np.full_like(picture, 255)
    given = [first_step(pipeline, p, guidance=1)[0] for p in (ghost, white, picture)]
    for index in (0, 3):  # condition and label
        assert torch.equal(given[0][index], given[1][index])
        assert difference(given[1][index], given[2][index]) > 0.01


def test_shrinking_averages(ortho, picture):
    larger = picture.repeat(3, axis=0).repeat(3, axis=1)
    given = [first_step(ortho, p, guidance=1)[0] for p in (picture, larger)]
    assert torch.equal(given[0][0], given[1][0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"steps": 1000}, "1000 steps are too many"),
        ({"steps": 2000}, "2000 steps are too many"),
        ({"guidance": float("nan")}, "guidance"),
        ({"eta": 2.0}, "eta"),
    ],
)
def test_settings_out_of_range_are_named(pipeline, picture, settings, message):
    with pytest.raises(InputError, match=message):
        pipeline(picture, quality="reference", **settings)


def test_a_picture_that_is_not_square_is_refused(pipeline, picture):
    with pytest.raises(InputError, match="square"):
        pipeline(picture[:100])


def test_noise_of_the_wrong_shape_is_refused(pipeline, picture):
    noise = reference_noise()
    with pytest.raises(ValueError, match="noise"):
        pipeline(picture, steps=1, noise=noise[:1])
    with pytest.raises(ValueError, match="noise"):
        pipeline(picture, steps=1, noise=[noise[1]])


@pytest.mark.parametrize("step", [1, 3, 7, 8])
def test_numbers_that_are_not_finite_name_the_step(picture, step):
    """As float16 gives them when it overflows, in the middle of a run."""
    pipe, calls = tiny_pipeline(), []

    def overflow(module, given, output):
        calls.append(given)
        return output._replace(sample=output.sample / (len(calls) != step))

    pipe.unet.register_forward_hook(overflow)
    advice = rf"from step {step} of 8 on \(torch.float32 on cpu\): try --device cpu"
    with pytest.raises(InputError, match=advice):
        pipe(picture, steps=8)
    assert len(calls) < step + LOOK_EVERY, "and stop soon"


def test_pictures_that_are_not_finite_are_an_error(picture):
    pipe = tiny_pipeline()
    pipe.codec.decode = lambda latents: torch.full((12, 3, 64, 64), float("nan"))
    with pytest.raises(InputError, match="decoded pictures are not finite"):
        pipe(picture, steps=1)


def test_guided_batches_keep_domains_in_halves():
    without, with_ = torch.arange(12), torch.arange(12) + 100
    batch = join_halves(without, with_)
    assert batch.tolist() == [*range(6), *range(100, 106), *range(6, 12), *range(106, 112)]
    assert [half.tolist() for half in split_halves(batch)] == [without.tolist(), with_.tolist()]


def test_defaults_are_the_model_s(pipeline):
    assert pipeline.presets == Presets()
    assert pipeline.presets.reference == Sampling(steps=40, guidance=3.0, eta=1.0)
