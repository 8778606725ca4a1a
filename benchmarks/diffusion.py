# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, memory and arithmetic of the views stage with random weights of the released sizes.

On a graphics card everything is measured at full size. Without one, arithmetic and memory are
counted at full size on tensors that hold nothing, and times are those of a scaled-down network on
the CPU: they compare levels and kernels, and say nothing about a card.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from benchmarks.full_size import (
    PROMPT_WIDTH,
    WORDS,
    autoencoder,
    config_of,
    image_encoder,
    network,
    network_call,
)
from benchmarks.live_memory import fake_tensors, peak_of, weight_bytes
from era3d.devices import GB, Device, choose
from era3d.diffusion import Era3DPipeline, Preprocessor, attention, memory
from era3d.diffusion.codec import KLCodec
from era3d.diffusion.conditioning import level_0_codes
from era3d.diffusion.memory import IMAGES, LEVELS, RELEASED_SIZES, Level, MemoryPlan
from era3d.diffusion.placement import split_layers

SCALED = {
    "block_out_channels": (64, 128, 256, 256),
    "attention_head_dim": (1, 2, 4, 4),
    "sample_size": 8,
}


def main() -> None:
    """Measure what can be measured here and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=40, help="sampling steps of a timed run")
    parser.add_argument("--compile", action="store_true", help="compile the network as well")
    parser.add_argument("--no-count", action="store_true", help="leave out what needs no device")
    options = parser.parse_args()
    device = choose(options.device)
    versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
    print(f"### {datetime.date.today():%d %B %Y}, {device.name}, {versions}\n")
    if not options.no_count:
        print(*arithmetic(), "", *counted_memory(), "", sep="\n")
    for line in timed(device, options.steps, options.compile):
        print(line, flush=True)


def arithmetic() -> list[str]:
    """Floating-point operations of one guided step, a multiplication and an addition being two."""
    rows = {
        "as built": flops(2 * IMAGES),
        "unguided": flops(IMAGES),
        "attention of all views to all, not along rows": flops(2 * IMAGES, dense_rows),
    }
    lines = ["| one step at full size | TFLOP | 40 steps at 790 TFLOP/s |", "|---|---|---|"]
    return lines + [f"| {n} | {f / 1e12:.2f} | {40 * f / 790e12:.2f} s |" for n, f in rows.items()]


def flops(images: int, join: Callable[..., Tensor] | None = None) -> int:
    """Count one call of the full-size network; ``join`` in place of joining rows."""
    with fake_tensors(), replaced(attention, "attend", plain_attention):
        unet = network(torch.bfloat16)
        call = network_call(unet, images)
        with replaced(attention, "join_rows", join or attention.join_rows):
            undo = attention.split_rows if join is None else split_dense
            with replaced(attention, "split_rows", undo), FlopCounterMode(display=False) as counter:
                unet(*call)
    return counter.get_total_flops()


def counted_memory() -> list[str]:
    """Bytes of living tensors at each level at full size, beside what the plan expects."""
    with fake_tensors():
        vae, encoder = autoencoder(), 2 * RELEASED_SIZES.image_encoder / GB
        decode = peak_of(lambda: vae.decode(torch.randn(1, 4, 64, 64)).sample) / GB
        codec = weight_bytes(vae) / GB
    lines = [
        "| level | network, GiB | decoding, GiB | counted peak, GiB | expected by the plan, GiB |",
        "|---|---|---|---|---|",
    ]
    for level in LEVELS:
        weights, activations = network_bytes(level)
        if level.resident:
            peak = weights + encoder + codec + max(activations, decode)
        else:
            peak = max(weights + activations, codec + decode, encoder)
        expected = memory.peak_gb(level, RELEASED_SIZES, torch.float16)
        cells = (weights + activations, codec + decode, peak, expected)
        lines.append(f"| {level.name} | " + " | ".join(f"{c:.2f}" for c in cells) + " |")
    with replaced(attention, "attend", plain_attention):
        weights, activations = network_bytes(Level("attention not fused"))
    lines.append(f"| one pass, attention not fused | {weights + activations:.2f} | | | |")
    return lines


def network_bytes(level: Level) -> tuple[float, float]:
    """GiB of the network's weights on the device and of what a call needs beside them."""
    with fake_tensors():
        unet = network(torch.bfloat16)
        call = network_call(unet, 2 * IMAGES // level.passes)
        if level.pieces > 1:
            split_layers(unet, level.pieces)
        activations = peak_of(lambda: unet(*call)) / GB
        return 0.0 if level.streamed else weight_bytes(unet) / GB, activations


def timed(device: Device, steps: int, compiled: bool) -> Iterator[str]:
    """Run the whole stage at every level."""
    scaled = device.kind == "cpu"
    dtype = memory.dtype_for(device)
    pipeline = random_pipeline(dtype, scaled)
    best = matmul_flops(device.torch, dtype)
    with fake_tensors():
        unet = network(dtype, **(SCALED if scaled else {}))
        call = network_call(unet, 2 * IMAGES)
        with replaced(attention, "attend", plain_attention), FlopCounterMode(display=False) as f:
            unet(*call)
    size = "scaled-down network on the CPU, not a card's figures" if scaled else "full size"
    yield f"{size}; {dtype}; matrix products: {best / 1e12:.3f} TFLOP/s; {steps} steps, guided."
    yield "\n| level | s a step | s in all | share of matrix products | peak, GiB |"
    yield "|---|---|---|---|---|"
    runs = [(level.name, level, False, attention.attend) for level in LEVELS]
    runs.append(("resident, attention not fused", LEVELS[0], False, plain_attention))
    if compiled:
        runs.append(("resident, compiled", LEVELS[0], True, attention.attend))
    for name, level, compiling, attend in runs:
        pipeline.place(MemoryPlan(device.torch, dtype, (level,), 0.0))
        with replaced(attention, "attend", attend):
            if compiling:
                pipeline.unet.compile()
            first, step, total, peak = measure(pipeline, steps)
        share = f.get_total_flops() / step / best
        cells = f"{step:.3f} | {total:.2f} | {share:.0%} | {peak}"
        yield f"| {name} | {cells} |"
        if compiling:
            yield f"\nCompiling: {first - step:.0f} s more in the first step."


def measure(pipeline: Era3DPipeline, steps: int) -> tuple[float, float, float, str]:
    """Seconds of the very first step, of one when all is warm, and of a whole run; peak GiB."""
    picture = np.full((pipeline.image_size, pipeline.image_size, 3), 200, np.uint8)
    device, clock = pipeline.device, clock_of(pipeline.device)
    on_card = device.type == "cuda"

    def run(count: int) -> tuple[list[float], float]:
        times = [clock()]

        def note(step: int, of: int) -> None:
            synchronize(device)
            times.append(clock())

        pipeline(picture, quality="reference", steps=count, progress=note)
        synchronize(device)
        return list(np.diff(times)), clock() - times[0]

    first = run(2)[0][0] if on_card else 0.0
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    each, total = run(steps)
    peak = f"{torch.cuda.max_memory_allocated() / GB:.2f}" if on_card else ""
    pipeline.release()
    return first, float(np.median(each[1:])), total, peak


def matmul_flops(device: str, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product, the best of several."""
    side = 1024 if device == "cpu" else 8192
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    seconds, clock = [], clock_of(torch.device(device))
    for _ in range(8):
        synchronize(torch.device(device))
        began = clock()
        a @ b
        synchronize(torch.device(device))
        seconds.append(clock() - began)
    return 2 * side**3 / min(seconds)


def random_pipeline(dtype: torch.dtype, scaled: bool) -> Era3DPipeline:
    """The released pipeline's parts with random weights."""
    torch.manual_seed(0)
    unet = network(dtype, **(SCALED if scaled else {}))
    vae, encoder = autoencoder(), None
    if scaled:
        vae = AutoencoderKL(
            block_out_channels=(32, 64, 128, 128),
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
        )
        config = CLIPVisionConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4)
        config.projection_dim = PROMPT_WIDTH
        encoder = CLIPVisionModelWithProjection(config)
    return Era3DPipeline(
        unet,
        KLCodec(vae.requires_grad_(False)),
        DDIMScheduler.from_config(config_of("scheduler")),
        (encoder or image_encoder()).requires_grad_(False).to(dtype),
        Preprocessor(224, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)),
        torch.zeros(1, PROMPT_WIDTH),
        torch.ones(1, PROMPT_WIDTH),
        torch.randn(IMAGES, WORDS, PROMPT_WIDTH),
        level_0_codes(PROMPT_WIDTH, IMAGES),
    )


def plain_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention as a textbook has it, which holds all scores at once."""
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    return (scores.softmax(-1) @ value).transpose(1, 2)


def dense_rows(tokens: Tensor, views: int, height: int) -> Tensor:
    """All tokens of all views of a set in one sequence."""
    return tokens.unflatten(0, (-1, views)).flatten(1, 2)


def split_dense(tokens: Tensor, views: int, height: int) -> Tensor:
    """Undo `dense_rows`."""
    return tokens.unflatten(1, (views, -1)).flatten(0, 1)


@contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Put something else in a module's place for a name."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def clock_of(device: torch.device) -> Callable[[], float]:
    """Seconds of the processor alone where it computes: others may use the machine."""
    return time.process_time if device.type == "cpu" else time.perf_counter


def synchronize(device: torch.device) -> None:
    """Wait until a device has done all it was given."""
    if device.type != "cpu":
        torch.get_device_module(device).synchronize()


if __name__ == "__main__":
    main()
