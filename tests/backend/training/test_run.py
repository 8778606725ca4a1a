# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is asked for, and runs as a user starts, kills and resumes them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import trimesh

from era3d.diffusion.checkpoint import load_pipeline
from era3d.errors import InputError
from era3d.training.run import prepare

FOLDER = Path(__file__).parents[2] / "data" / "corpus"
TINY = """
batch = 2
threads = 1
save_seconds = 0.0
look_every = 8
[schedule]
warmup = 4
total = 40
decay = 4
[model]
image_size = 32
patch = 8
widths = [32]
attention = [true]
norm_groups = 8
head_size = 16
embedding = 16
encoder_width = 32
encoder_layers = 1
regressor_width = 16
[data]
seen_fraction = 0.3
[[data.draws]]
photos = 2
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def command(*words, processes=0):
    """``era3d`` in a process of its own, or in several that talk through gloo."""
    launch = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
    words = ["-m", "era3d", *map(str, words)]
    return [sys.executable, *(launch if processes else []), *words]


def run(*words, processes=0):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return subprocess.run(
        command(*words, processes=processes), capture_output=True, text=True, env=environment
    )


def test_a_resumed_run_needs_not_be_told_again(config, tmp_path):
    settings, corpus = prepare(tmp_path / "run", str(config), FOLDER, steps=7)
    assert settings.schedule.total == 14
    again, same = prepare(tmp_path / "run", None, None, resume=True)
    assert (again, same) == (settings, corpus.resolve())
    longer, _ = prepare(tmp_path / "run", None, None, steps=9, resume=True)
    assert longer.schedule.total == 18


def test_what_is_missing_is_asked_for(config, tmp_path):
    with pytest.raises(InputError, match="which CONFIG"):
        prepare(tmp_path, None, FOLDER)
    with pytest.raises(InputError, match="--corpus"):
        prepare(tmp_path, str(config), None)
    with pytest.raises(InputError, match="no training configuration 'nothing'"):
        prepare(tmp_path, "nothing", FOLDER)


@pytest.mark.parametrize("name", ["mini", "sight", "seeing", "mini128", "folder", "full"])
def test_shipped_configurations_are_known_by_name(name, tmp_path):
    settings, _ = prepare(tmp_path, name, FOLDER)
    assert settings.schedule.total > 0


def weights(folder):
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    return torch.cat([state["model"][name].flatten() for name in sorted(state["model"])])


@pytest.mark.slow
def test_a_killed_run_ends_as_one_that_was_not(config, tmp_path):
    """Killed without warning wherever it is, again and again, and resumed without being told."""
    whole = run("train", config, "--corpus", FOLDER, "--out", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    killed = tmp_path / "killed"
    words = ["train", config, "--corpus", FOLDER, "--out", killed]
    for kills in range(3):
        process = subprocess.Popen(
            command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = samples(killed)
        while process.poll() is None and samples(killed) < before + 4 + kills:
            time.sleep(0.01)
        process.kill()
        process.wait()
        words = ["train", "--resume", "--out", killed]
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert torch.equal(weights(tmp_path / "whole"), weights(killed))


def samples(folder):
    """How far a run's last line of log, if there is one, says it is."""
    try:
        return json.loads((folder / "log.jsonl").read_text().splitlines()[-1])["samples"]
    except (FileNotFoundError, IndexError, ValueError):
        return 0


@pytest.mark.slow
def test_two_processes_learn_together(config, tmp_path):
    done = run(
        "train", config, "--corpus", FOLDER, "--out", tmp_path / "run", "--steps", 3, processes=2
    )
    assert done.returncode == 0, done.stderr
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    # Three steps end at six samples for one process; two see four samples in each.
    assert (state["step"], state["samples"]) == (2, 8)
    assert len(state["random"]) == 2
    assert not torch.equal(state["random"][0][0], state["random"][1][0])
    assert load_pipeline(tmp_path / "run" / "model").image_size == 32


@pytest.mark.slow
def test_ten_files_of_a_user_train_for_fifty_steps(tmp_path):
    """The command of docs/training.md."""
    files = tmp_path / "mine"
    files.mkdir()
    for i in range(10):
        mesh = trimesh.creation.box(extents=(1, 1 + i / 5, 2))
        mesh.visual.vertex_colors = [25 * i, 100, 200, 255]
        (files / f"{i}.glb").write_bytes(trimesh.exchange.gltf.export_glb(trimesh.Scene([mesh])))
    done = run("train", "folder", "--corpus", files, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    note = json.loads((tmp_path / "run" / "model" / "training.json").read_text())
    assert note["steps"] == 50
    log = [json.loads(x) for x in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert all(entry["loss"] > 0 for entry in log)
