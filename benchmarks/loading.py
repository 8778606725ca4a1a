# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a released checkpoint takes to load, and how much of the host's memory.

Writes a checkpoint of full size with random weights (4 GB in float16, 8 in float32), reads it once
so that the disk is warm, and loads it in a child process for each row. The table goes to
``RESULTS.md``.

    python benchmarks/loading.py --folder DIR [--stored float16|float32] [--keep]
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from machine import machine
from results import keep

HEADING = "## Loading a checkpoint"
INTRODUCTION = """\
A checkpoint of the released size with random weights, `python benchmarks/loading.py --folder DIR`,
on a warm disk, one thread. *Load* ends when the pipeline is there; *read* when each weight was used
once, which is when mapped files come into memory. The first load also hashes all files and encodes
the prompts; what it found is kept. *Peak* is the most memory of the process above what it held
before, *own* what the system cannot drop in the end, as it can mapped files, imports included.
*Weights* is the size of network, image encoder and autoencoder as they were asked for. GB of 2^30.
"""
GB = 2**30
TEXT_ENCODER = {
    "vocab_size": 49408,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "max_position_embeddings": 77,
    "hidden_act": "gelu",
    "bos_token_id": 0,
    "eos_token_id": 2,
}


def main() -> None:
    """Write the checkpoint, measure, print and keep the table."""
    options = parse_options()
    folder = options.folder / f"released-{options.stored}"
    if not folder.exists():
        write_checkpoint(folder, options.stored)
    rows = list(measure(folder, options.stored))
    lines = [
        f"### {datetime.date.today():%d %B %Y}, {machine_and_versions()}",
        "",
        *table(rows),
        "",
    ]
    print("\n".join(lines))
    keep(HEADING, INTRODUCTION, lines)
    if not options.keep:
        shutil.rmtree(folder)


def parse_options() -> argparse.Namespace:
    """Read the command line, or as a child load a checkpoint and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where there is room")
    parser.add_argument("--stored", choices=("float16", "float32"), default="float16")
    parser.add_argument("--keep", action="store_true", help="keep the checkpoint")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(load(options.folder, options.child)))
        sys.exit()
    return options


def measure(folder: Path, stored: str) -> Iterator[dict[str, Any]]:
    """A row for each way to load."""
    for path in folder.rglob("*.safetensors"):
        with path.open("rb") as file:
            while file.read(2**24):
                pass
    with tempfile.TemporaryDirectory() as home:
        for wanted, when in (("float16", "first"), ("float16", "later"), ("float32", "later")):
            command = [sys.executable, __file__, "--folder", str(folder), "--child", wanted]
            own = {"ERA3D_HOME": home, "OMP_NUM_THREADS": "1"}
            done = subprocess.run(command, env=os.environ | own, capture_output=True, check=True)
            row = {"stored": stored, "wanted": wanted, "load": when} | json.loads(done.stdout)
            print(json.dumps(row), flush=True)
            yield row


def load(folder: Path, wanted: str) -> dict[str, float]:
    """Load a checkpoint and tell seconds and GB."""
    import torch

    from era3d.diffusion import load_pipeline
    from era3d.diffusion.codec import KLCodec

    assert KLCodec  # imports are no part of it
    from diffusers.models.autoencoders import autoencoder_kl  # noqa: F401

    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    began, busy = time.perf_counter(), time.process_time()
    pipeline = load_pipeline(folder, dtype=getattr(torch, wanted))
    loaded, worked = time.perf_counter() - began, time.process_time() - busy
    parts = (pipeline.unet, pipeline.image_encoder, pipeline.codec)
    tensors = [tensor for part in parts for tensor in part.parameters()]
    for tensor in tensors:
        tensor.view(torch.uint8).flatten()[::4096].sum()
    return {
        "weights": sum(tensor.nbytes for tensor in tensors) / GB,
        "load s": loaded,
        "load CPU s": worked,
        "read s": time.perf_counter() - began,
        "peak": status("VmHWM") - before,
        "own": status("RssAnon"),
    }


def status(name: str) -> float:
    """A figure that Linux keeps of this process, in GB."""
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{name}:")[1].split()[0]) * 1024 / GB


def write_checkpoint(folder: Path, stored: str) -> None:
    """Write the released checkpoint's parts with random weights."""
    from accelerate import init_empty_weights
    from full_size import autoencoder, config_of, image_encoder
    from transformers import CLIPTextConfig, CLIPTextModel

    from era3d.diffusion.unet import Era3DUNet
    from era3d.store.layout import DIFFUSERS, TRANSFORMERS

    parts: dict[str, tuple[Callable[[], Any], str, str, dict[str, Any]]] = {
        "unet": (
            lambda: Era3DUNet.from_config(config_of("unet")),
            DIFFUSERS[0],
            "",
            config_of("unet"),
        ),
        "vae": (autoencoder, DIFFUSERS[0], "", config_of("vae")),
        "image_encoder": (image_encoder, TRANSFORMERS[0], "", config_of("image_encoder")),
        "text_encoder": (
            lambda: CLIPTextModel(CLIPTextConfig(**TEXT_ENCODER)),
            TRANSFORMERS[0],
            "text_model.",
            TEXT_ENCODER,
        ),
    }
    for name, (make, file, prefix, config) in parts.items():
        with init_empty_weights():
            shapes = {f"{prefix}{k}": v.shape for k, v in make().state_dict().items()}
        write_json(folder / name / "config.json", config)
        write_random(folder / name / file, shapes, stored)
    write_random(
        folder / "image_normalizer" / DIFFUSERS[0],
        dict.fromkeys(("mean", "std"), (1, 1024)),
        stored,
    )
    write_small_files(folder)


def write_random(path: Path, shapes: dict[str, Any], stored: str) -> None:
    """Write a safetensors file of random numbers, none of which is far from 0."""
    import torch
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    noise = torch.rand(2**26).sub_(0.5).mul_(0.05).to(getattr(torch, stored))
    tensors = {}
    for name, shape in shapes.items():
        count = torch.Size(shape).numel()
        tensors[name] = noise[:count].reshape(shape).clone()
    save_file(tensors, path)


def write_small_files(folder: Path) -> None:
    """Write what holds no weights."""
    from full_size import CONFIGS

    (folder / "scheduler").mkdir()
    name = "scheduler/scheduler_config.json"
    shutil.copyfile(CONFIGS / name, folder / name)
    size = {"shortest_edge": 224}
    preprocessor = {"size": size, "crop_size": {"height": 224, "width": 224}}
    preprocessor |= {"image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    write_json(folder / "feature_extractor/preprocessor_config.json", preprocessor)
    # An alphabet is a complete vocabulary: without merges every letter is a token.
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_,."
    words = ["!", *letters, *(f"{x}</w>" for x in letters), "<|startoftext|>", "<|endoftext|>"]
    write_json(folder / "tokenizer/vocab.json", {word: index for index, word in enumerate(words)})
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, and the folder it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    names = list(rows[0])
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        cells = [
            f"{row[name]:.2f}" if isinstance(row[name], float) else row[name] for name in names
        ]
        yield "| " + " | ".join(cells) + " |"


def machine_and_versions() -> str:
    """The machine, and the version of PyTorch."""
    import torch

    return f"{machine()}, PyTorch {torch.__version__}"


if __name__ == "__main__":
    main()
