# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory plan, for devices that are only pretended, and its figures against counted bytes."""

import dataclasses
import shutil

import pytest
import torch

from benchmarks.full_size import autoencoder, image_encoder, network, network_call
from benchmarks.live_memory import fake_tensors, peak_of, weight_bytes
from era3d.devices import GB, Device
from era3d.diffusion import memory
from era3d.diffusion.memory import LEVELS, RELEASED_SIZES
from era3d.diffusion.placement import split_layers
from era3d.errors import InputError
from era3d.store.models import MINI_FOLDER


def card(gb: float, kind: str = "cuda", **facts) -> Device:
    facts = {"supports_fp16": True, "supports_bf16": True} | facts
    return Device(f"{kind}:0", kind, f"a card of {gb:g} GB", gb, gb, **facts)


@pytest.mark.parametrize(
    ("gb", "level"),
    [(2, "streamed"), (4, "one at a time"), (6, "resident"), (8, "resident"), (24, "resident")],
)
def test_the_fastest_level_that_fits_is_taken(gb, level):
    plan = memory.plan(card(gb), RELEASED_SIZES)
    assert plan.level.name == level
    assert plan.peak_gb + memory.RESERVE_GB <= gb
    assert plan.dtype == torch.float16


def test_every_level_is_some_card_s():
    taken = {memory.plan(card(gb / 10), RELEASED_SIZES).level for gb in range(16, 60)}
    assert taken == set(LEVELS)


@pytest.mark.parametrize("gb", [0.5, 1.2])
def test_a_card_that_is_too_small_is_told_with_a_way_out(gb):
    with pytest.raises(InputError, match=r"has .* GB .* needs 1\.6 GB .* --device cpu"):
        memory.plan(card(gb), RELEASED_SIZES)


def test_a_limit_is_obeyed():
    plan = memory.plan(card(24), RELEASED_SIZES, limit_gb=3.0)
    assert plan.level.name == "in pieces"
    assert plan.limit_gb == 3.0
    with pytest.raises(InputError, match="--vram-limit"):
        memory.plan(card(24), RELEASED_SIZES, limit_gb=1.0)
    assert memory.plan(card(2), RELEASED_SIZES, limit_gb=16).level.name == "streamed"


def test_what_is_free_counts_and_not_what_there_is():
    busy = dataclasses.replace(card(24), free_gb=2.0)
    assert memory.plan(busy, RELEASED_SIZES).level.name == "streamed"


def test_without_a_card_the_processor_is_used():
    host = Device("cpu", "cpu", "a processor", 32, 30, unified=True)
    plan = memory.plan(host, RELEASED_SIZES)
    assert (plan.level, plan.dtype, plan.device) == (LEVELS[0], torch.float32, "cpu")
    assert plan.peak_gb > 6, "weights have nowhere else to go"


@pytest.mark.parametrize(
    ("device", "dtype"),
    [
        (card(8), torch.float16),
        (card(8, supports_fp16=False), torch.bfloat16),
        (card(8, supports_fp16=False, supports_bf16=False), torch.float32),
        (card(8, "rocm"), torch.float16),
        (card(16, "mps", unified=True), torch.bfloat16),
        (card(16, "mps", unified=True, supports_bf16=False), torch.float32),
        (card(16, "xpu"), torch.bfloat16),
    ],
)
def test_float16_only_where_it_does_not_overflow(device, dtype):
    assert memory.dtype_for(device) == dtype


def test_a_host_that_is_too_small_is_not_sent_to_itself():
    host = Device("cpu", "cpu", "a processor", 4, 2, unified=True)
    with pytest.raises(InputError, match=r"close other programs, or choose the model mini"):
        memory.plan(host, RELEASED_SIZES)


def test_the_small_model_fits_everywhere():
    sizes = memory.sizes_in(MINI_FOLDER)
    assert memory.plan(card(1), sizes).level == LEVELS[0]


def test_sizes_are_read_from_files(checkpoint):
    sizes = memory.sizes_in(checkpoint)
    assert sizes.positions == 16**2
    assert sizes.pixels == 128**2
    assert sizes.channels == 12
    assert sizes.unet > 3_500_000 > sizes.codec > 0 < sizes.image_encoder


def test_a_model_that_lacks_something_is_told_before_loading(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    (folder / "vae" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="block_out_channels"):
        memory.sizes_in(folder)


def counted_gb(level: memory.Level) -> float:
    """Bytes of the network's tensors at a level, in half precision and at full size."""
    with fake_tensors():
        unet = network(torch.bfloat16)
        split_layers(unet, level.pieces)
        call = network_call(unet, 2 * memory.IMAGES // level.passes)
        weights = 0 if level.streamed else weight_bytes(unet)
        return (peak_of(lambda: unet(*call)) + weights) / GB


@pytest.mark.parametrize(
    "level",
    [
        pytest.param(level, id=level.name, marks=[] if level is LEVELS[-1] else pytest.mark.slow)
        for level in LEVELS
    ],
)
def test_expected_memory_is_what_tensors_take(level):
    sizes = dataclasses.replace(RELEASED_SIZES, image_encoder=0, codec=0, codec_width=0)
    expected = memory.peak_gb(level, sizes, torch.bfloat16)
    assert expected == pytest.approx(counted_gb(level), rel=0.06)


def test_expected_memory_of_decoding():
    with fake_tensors():
        vae = autoencoder()
        peak = peak_of(lambda: vae.decode(torch.randn(1, 4, 64, 64)).sample)
        counted = (peak + weight_bytes(vae)) / GB
    sizes = dataclasses.replace(RELEASED_SIZES, unet=0, image_encoder=0, width=0)
    assert memory.peak_gb(LEVELS[1], sizes, torch.float16) == pytest.approx(counted, rel=0.15)
    assert memory.peak_gb(LEVELS[1], sizes, torch.float16) > counted


def test_targets_of_memory():
    """Five gigabytes where there is room, 3.2 where there is not."""
    peaks = [memory.peak_gb(level, RELEASED_SIZES, torch.float16) for level in LEVELS]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] <= 5.0
    assert peaks[-1] < peaks[-2] <= 3.2


def test_the_released_sizes_are_those_of_the_released_files():
    with fake_tensors():
        parts = network(torch.float32), image_encoder(), autoencoder()
    counts = [sum(p.numel() for p in part.parameters()) for part in parts]
    sizes = RELEASED_SIZES
    assert counts == [sizes.unet, sizes.image_encoder, sizes.codec]
