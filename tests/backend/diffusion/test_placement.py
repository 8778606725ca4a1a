# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory levels carried out: the same numbers at each, and going on after memory ran out."""

import numpy as np
import pytest
import torch

from era3d.diffusion.checkpoint import load_pipeline
from era3d.diffusion.conditioning import Inputs
from era3d.diffusion.guidance import Denoiser
from era3d.diffusion.memory import LEVELS, MemoryPlan
from era3d.diffusion.placement import is_out_of_memory, split_layers
from era3d.errors import Cancelled, InputError, ViewWarning
from tests.backend.diffusion.golden import difference, inputs, read, tensors, timestep, unet
from tests.backend.diffusion.test_pipeline import reference_noise
from tests.backend.diffusion.test_unet import CALLS, CASES
from tests.backend.models import tiny_pipeline

each_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)


def plan(*levels, dtype=torch.float32) -> MemoryPlan:
    return MemoryPlan("cpu", dtype, levels, 0.0)


@pytest.fixture(scope="module")
def picture():
    return tensors("pipeline_regress_small/inputs.safetensors")["image_u8"].numpy()


@pytest.fixture(scope="module")
def models(checkpoint, ortho_checkpoint):
    return {"regress": load_pipeline(checkpoint), "ortho": load_pipeline(ortho_checkpoint)}


@pytest.mark.parametrize(
    "pieces", [pytest.param(2, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow), 12]
)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", CASES)
def test_the_network_in_pieces_gives_the_reference_s_numbers(case, call, pieces):
    wanted = tensors(f"{case}/outputs.safetensors")
    name, time = call.split(".")
    sample, prompts, labels = inputs(name)
    network = unet(case)
    split_layers(network, pieces)
    try:
        with torch.inference_mode():
            output = network(sample, timestep(time), prompts, labels)
    finally:
        for module in network.modules():
            module.__dict__.pop("forward", None)
    assert difference(output.sample, wanted[f"{call}.sample"]) < 5e-5
    if output.pose is not None:
        assert difference(output.pose, wanted[f"{call}.pose"]) < 2e-5


@each_level
@pytest.mark.parametrize("kind", [pytest.param("regress", marks=pytest.mark.slow), "ortho"])
def test_sampling_is_the_reference_s_at_every_level(models, picture, kind, level, monkeypatch):
    case = f"pipeline_{kind}_small"
    call, wanted = read(f"{case}/config.json")["call"], tensors(f"{case}/outputs.safetensors")
    steps = []
    pipeline = models[kind].place(plan(level))
    # Decoding is the same at every level, and takes most of the time.
    monkeypatch.setattr(pipeline, "decode", lambda latents: np.zeros((12, 1, 1, 3), np.float32))
    views = pipeline(
        picture,
        quality="reference",
        steps=call["num_inference_steps"],
        guidance=call["guidance_scale"],
        eta=call["eta"],
        noise=reference_noise(),
        on_step=steps.append,
    )
    latents = torch.stack([step.latents for step in steps])
    assert difference(latents, wanted["latents_after_step"]) < 2e-4
    if kind == "regress":
        guided = wanted["elevation_guided"].flatten().tolist()
        assert views.elevations == pytest.approx(guided, abs=1e-4)


SMALL = {"steps": 4, "guidance": 2.0, "eta": 1.0}


def small_views(pipeline, picture, **settings):
    views = pipeline(picture, **(SMALL | settings))
    return np.concatenate([views.normal, views.color])


@pytest.fixture(scope="module")
def undisturbed(picture):
    return small_views(tiny_pipeline(), picture)


@each_level
def test_a_seed_gives_the_same_views_at_every_level(undisturbed, picture, level):
    """Up to rounding, far below what 8 bits hold."""
    views = small_views(tiny_pipeline().place(plan(level)), picture)
    assert np.abs(views - undisturbed).max() < 1e-5


def test_where_parts_lie_changes_no_bit(undisturbed, picture):
    one, other = (small_views(tiny_pipeline().place(plan(level)), picture) for level in LEVELS[:2])
    np.testing.assert_array_equal(one, other)


class Scarce:
    """Lets memory run out at chosen calls of the network."""

    def __init__(self, pipeline, *calls, error=None):
        self.left, self.calls, self.count = set(calls), [], 0
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        self.hook = pipeline.unet.register_forward_pre_hook(self.fail)

    def fail(self, module, given):
        self.count += 1
        if self.count in self.left:
            raise self.error
        self.calls.append(int(given[1]))


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize("first", range(len(LEVELS) - 1), ids=lambda n: LEVELS[n].name)
def test_when_memory_runs_out_the_job_goes_on(undisturbed, picture, first, step):
    pipeline = tiny_pipeline().place(plan(*LEVELS[first:]))
    passes = LEVELS[first].passes
    scarce = Scarce(pipeline, passes * (step - 1) + 1)
    with pytest.warns(
        ViewWarning, match=f"{LEVELS[first].name}.*going on.*{LEVELS[first + 1].name}"
    ):
        views = small_views(pipeline, picture)
    assert np.abs(views - undisturbed).max() < 1e-5
    assert pipeline.placement.plan.level == LEVELS[first + 1]
    after = LEVELS[first + 1].passes
    assert len(scarce.calls) == passes * (step - 1) + after * (5 - step), "no finished step again"


def test_running_out_where_only_the_place_changes_gives_the_same_bits(picture):
    wanted = small_views(tiny_pipeline().place(plan(*LEVELS[:2])), picture)
    pipeline = tiny_pipeline().place(plan(*LEVELS[:2]))
    Scarce(pipeline, 3)
    with pytest.warns(ViewWarning):
        np.testing.assert_array_equal(small_views(pipeline, picture), wanted)


def test_running_out_again_and_again_goes_down_to_the_last_level(undisturbed, picture):
    pipeline = tiny_pipeline().place(plan(*LEVELS))
    Scarce(pipeline, 1, 2, 3, 4)
    with pytest.warns(ViewWarning) as told:
        views = small_views(pipeline, picture)
    assert len(told) == 4
    assert pipeline.placement.plan.level == LEVELS[-1]
    assert np.abs(views - undisturbed).max() < 1e-5


def test_running_out_at_the_last_level_is_an_error_with_a_way_out(picture):
    pipeline = tiny_pipeline().place(plan(LEVELS[-1]))
    Scarce(pipeline, 2)
    with pytest.raises(InputError, match=r"slowest setting .* --device cpu"):
        small_views(pipeline, picture)
    assert not pipeline.placement.here


@pytest.mark.parametrize("part", ["codec", "image_encoder"])
def test_running_out_while_encoding_or_decoding(undisturbed, picture, part):
    pipeline = tiny_pipeline().place(plan(*LEVELS))
    times, name = [], "decode" if part == "codec" else "forward"
    whole = getattr(getattr(pipeline, part), name)

    def once(*given, **named):
        times.append(1)
        if len(times) == 1:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)")
        return whole(*given, **named)

    setattr(getattr(pipeline, part), name, once)
    with pytest.warns(ViewWarning):
        views = small_views(pipeline, picture)
    assert np.abs(views - undisturbed).max() < 1e-5


def test_other_errors_are_not_taken_for_lack_of_memory(picture):
    pipeline = tiny_pipeline().place(plan(*LEVELS))
    Scarce(pipeline, 1, error=RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes"):
        small_views(pipeline, picture)
    assert pipeline.placement.plan.level == LEVELS[0]


@pytest.mark.parametrize(
    ("error", "is_lack"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
    ],
)
def test_lack_of_memory_is_told_in_many_ways(error, is_lack):
    assert is_out_of_memory(error) == is_lack


def test_parts_are_on_the_device_only_while_they_work(picture):
    pipeline = tiny_pipeline().place(plan(LEVELS[1]))
    seen = []
    pipeline.unet.register_forward_pre_hook(lambda *_: seen.append(pipeline.placement.here))
    small_views(pipeline, picture)
    assert seen == [{pipeline.unet}] * 4
    assert pipeline.placement.here == {pipeline.codec}


@each_level
def test_nothing_is_left_behind(picture, level):
    """After a job the parts are as they were loaded: same memory, nothing wrapped around them."""
    pipeline = tiny_pipeline()
    parts = pipeline.unet, pipeline.image_encoder, pipeline.codec
    before = [t.data_ptr() for part in parts for t in part.state_dict().values()]
    pipeline.place(plan(level, dtype=torch.bfloat16))
    small_views(pipeline, picture, steps=1)
    pipeline.release()
    assert not pipeline.placement.here
    assert before == [t.data_ptr() for part in parts for t in part.state_dict().values()]
    assert all("forward" not in m.__dict__ for part in parts for m in part.modules())
    assert pipeline.unet.dtype == torch.float32
    assert not any(p.is_inference() for part in parts for p in part.parameters())


def test_a_cancelled_job_can_be_released(picture):
    pipeline = tiny_pipeline().place(plan(LEVELS[1]))

    def stop(step, of):
        raise Cancelled

    with pytest.raises(Cancelled):
        pipeline(picture, progress=stop, **SMALL)
    assert pipeline.placement.here
    pipeline.release()
    assert not pipeline.placement.here


def test_both_halves_in_turn_are_both_at_once(models, picture):
    """The two ways to run guidance, on the network itself."""
    network = models["regress"].unet
    torch.manual_seed(0)
    latents = torch.randn(12, 4, 16, 16)
    given = [x.unflatten(0, (2, 2, 6)).transpose(0, 1).flatten(1, 2) for x in inputs("cfg")]
    told, untold = (
        (x[half][:, -4:] if x.dim() == 5 else x[half] for x in given) for half in (1, 0)
    )
    denoise = Denoiser(network, Inputs(*told), Inputs(*untold), 3.0)
    with torch.inference_mode():
        one, two = (denoise(latents, torch.tensor(501), passes) for passes in (1, 2))
    assert difference(one[0], two[0]) < 2e-5
    assert difference(one[1], two[1]) < 5e-6
