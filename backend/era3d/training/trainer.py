# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The training loop: resumable at any step, and the same whether it was interrupted or not."""

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from era3d.diffusion.checkpoint import save_pipeline
from era3d.diffusion.schedules import Presets, Sampling
from era3d.errors import InputError
from era3d.progress import Progress, ignore
from era3d.training.config import TrainConfig
from era3d.training.corpus import Corpus, split_corpus
from era3d.training.dataset import Drawings, Sample, draw_all
from era3d.training.model import Trainee, scheduler, unorder
from era3d.training.optimizer import make_optimizers

CHECKPOINT = "checkpoint.pt"
# Samples that start from noise alone are most of the training: one step is best, and quickest.
PRESETS = Presets(
    draft=Sampling(1, 1.0, 0.0), standard=Sampling(1, 1.0, 0.0), reference=Sampling(40, 1.0, 1.0)
)


def train(config: Path, corpus: Path, out: Path, resume: bool, progress: Progress = ignore) -> None:
    """Train from a TOML file until its schedule ends; then write the model to ``out/model``.

    Parameters
    ----------
    config : Path
        See `era3d.training.config.TrainConfig`.
    corpus : Path
        Folder with ``index.jsonl``.
    out : Path
        For drawings, checkpoint, log and model.
    resume : bool
        Go on from the checkpoint in `out`; without it, one that is there is an error.
    progress : Progress
        Called with objects drawn and to be drawn, for each drawing; then with samples seen and to
        be seen.

    Raises
    ------
    InputError
        For a bad configuration or corpus, or a checkpoint that does not belong to them.
    """
    settings = TrainConfig.load(config)
    trainer = Trainer(settings, load_drawings(settings, corpus, out, progress), out, resume)
    trainer.run(progress)
    trainer.export(out / "model")


def load_drawings(
    settings: TrainConfig, corpus: Path, out: Path, progress: Progress = ignore
) -> Drawings:
    """Draw what is not drawn yet, and open it."""
    data = settings.data
    meshes = Corpus(corpus)
    records = split_corpus(meshes, data.validation_packs, data.seen_fraction, data.seed).train
    size, cache = settings.model.image_size, out / "drawings"
    folders = draw_all(meshes, records, data.draws, size, cache, progress)
    shares = [drawing.share for drawing in data.draws]
    return Drawings(folders, shares, [record.category for record in records], data.recolor)


class Trainer:
    """One training run: what it has learned, and where it stands.

    Parameters
    ----------
    config : TrainConfig
    drawings : Drawings
    out : Path
        Folder of the checkpoint and of ``log.jsonl``.
    resume : bool
        Whether to start from the checkpoint.
    """

    def __init__(self, config: TrainConfig, drawings: Drawings, out: Path, resume: bool) -> None:
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.drawings, self.out = config, drawings, out
        self.model = Trainee(config.model)
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimizers = make_optimizers(
            self.model, config.matrix_lr, config.lr, config.weight_decay
        )
        self.generator = np.random.default_rng(config.seed)
        self.step_count = self.samples = 0
        self.seconds = 0.0
        self.share_of_image = scheduler().alphas_cumprod
        self._base_rates = [[g["lr"] for g in o.param_groups] for o in self.optimizers]
        self._pose = [p for n, p in self.model.named_parameters() if "regressor" in n]
        self._trunk = [p for n, p in self.model.named_parameters() if "regressor" not in n]
        out.mkdir(parents=True, exist_ok=True)
        if (out / CHECKPOINT).is_file():
            if not resume:
                raise InputError(
                    f"'{out}' holds a checkpoint: resume it, or choose another folder."
                )
            self._load()

    def run(self, progress: Progress = ignore) -> None:
        """Step until the schedule ends, saving now and then and at the end."""
        saved = logged = time.monotonic()
        errors: list[float] = []
        while self.samples < self.config.schedule.total:
            errors.append(self.step())
            now = time.monotonic()
            if now - logged > 30:
                self._log(errors)
                errors, logged = [], now
            if now - saved > self.config.save_seconds:
                self.save()
                saved = now
            progress(self.samples, self.config.schedule.total)
        self.save()

    def step(self) -> float:
        """Learn from one batch; return the mean squared error of what was predicted from noise."""
        started = time.process_time()
        batch = self.drawings.pick(self.config.batch, self.generator)
        factor = self.config.schedule.factor(self.samples)
        for optimizer, rates in zip(self.optimizers, self._base_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        loss, error = self._loss(batch)
        self.model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._trunk, self.config.clip)
        nn.utils.clip_grad_norm_(self._pose, self.config.pose_clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step_count += 1
        self.samples += self.config.batch
        self._update_average()
        self.seconds += time.process_time() - started
        return error

    def _loss(self, batch: Sample) -> tuple[Tensor, float]:
        config, count = self.config, len(batch.photo)
        targets = batch.targets.transpose(0, 1)
        with torch.no_grad():
            clean = self.model.latents(targets.flatten(0, 1)).unflatten(0, (12, count))
        last = torch.rand(2, count) < config.last_share
        end = len(self.share_of_image) - 1
        times = torch.where(last, end, torch.randint(0, end + 1, (2, count)))
        share = self.share_of_image[times].repeat_interleave(6, 0)[:, :, None, None, None]
        noisy = share.sqrt() * clean + (1 - share).sqrt() * torch.randn_like(clean)
        dropped = torch.rand(count) < config.drop
        # Short sequences: the plain attention kernel has the faster gradient.
        with (
            sdpa_kernel(SDPBackend.MATH),
            torch.autocast("cpu", torch.bfloat16, enabled=config.bf16),
        ):
            output = self.model(noisy, times, batch.photo, dropped)
        squares = (unorder(self.model.pixels(output.sample.float())) - targets).square()
        weight = 1 + (config.silhouette_weight - 1) * batch.alpha.transpose(0, 1)
        loss = (squares * weight).mean()
        if output.pose is not None:
            told = ~dropped[:, None]
            pose_error = ((output.pose.float() - batch.pose).square() * told).mean()
            loss = loss + config.pose_weight * pose_error
        from_noise = (last & ~dropped).repeat_interleave(6, 0)
        return loss, float(squares.detach().mean((2, 3, 4))[from_noise].mean())

    def _update_average(self) -> None:
        keep = min(self.config.ema, (1 + self.step_count) / (10 + self.step_count))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)

    def _log(self, errors: Sequence[float]) -> None:
        entry = {
            "samples": self.samples,
            "error": round(float(np.nanmean(errors)), 5),
            "cpu_seconds": round(self.seconds, 1),
            "time": round(time.time()),
        }
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def save(self) -> None:
        """Replace the checkpoint, in one move."""
        state = {
            "fingerprint": self.config.fingerprint(),
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step_count,
            "samples": self.samples,
            "seconds": self.seconds,
            "torch": torch.get_rng_state(),
            "numpy": self.generator.bit_generator.state,
        }
        temporary = self.out / f"{CHECKPOINT}.{os.getpid()}.tmp"
        torch.save(state, temporary)
        temporary.replace(self.out / CHECKPOINT)

    def _load(self) -> None:
        state: dict[str, Any] = torch.load(self.out / CHECKPOINT, weights_only=True)
        if state["fingerprint"] != self.config.fingerprint():
            raise InputError(
                f"The checkpoint in '{self.out}' was made with another model or other data: "
                "choose another folder."
            )
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step_count, self.samples = state["step"], state["samples"]
        self.seconds = state["seconds"]
        torch.set_rng_state(state["torch"])
        self.generator.bit_generator.state = state["numpy"]

    def export(self, folder: Path) -> None:
        """Write the averaged weights as a model folder, with a note on how they came to be."""
        model = Trainee(self.config.model)
        model.load_state_dict(self.average)
        save_pipeline(model.pipeline(PRESETS), folder)
        note = {
            "samples": self.samples,
            "steps": self.step_count,
            "cpu_seconds": round(self.seconds),
            "fingerprint": self.config.fingerprint(),
            "data": dataclasses.asdict(self.config.data),
        }
        (folder / "training.json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
