# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The training loop: resumable at any step, and the same whether it was interrupted or not."""

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch.nn.attention import SDPBackend, sdpa_kernel

from era3d.diffusion.checkpoint import save_pipeline
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.errors import InputError
from era3d.progress import Progress, ignore
from era3d.training import checkpoint
from era3d.training.board import Board
from era3d.training.checkpoint import CHECKPOINT
from era3d.training.config import TrainConfig
from era3d.training.data import Data
from era3d.training.dataset import Drawings, Sample
from era3d.training.metrics import Scenes, grid, measure, predict
from era3d.training.model import Learner, Trainee
from era3d.training.objective import Further, Losses, Objective
from era3d.training.optimizer import make_optimizers
from era3d.training.photos import Shots
from era3d.training.start import begin

_LOG_SECONDS = 30.0


def make_accelerator(config: TrainConfig) -> Accelerator:
    """Devices and precision of this process; there can be one precision in a process."""
    try:
        return Accelerator(
            mixed_precision=config.precision, gradient_accumulation_steps=config.accumulate
        )
    except ValueError as error:
        raise InputError(f"precision '{config.precision}' cannot be had here: {error}") from None


class Trainer:
    """One training run: what it has learned, and where it stands.

    Parameters
    ----------
    config : TrainConfig
    data : Data or Drawings
        What is learned from, and what is looked at.
    out : Path
        Folder of the checkpoint and of the log.
    resume : bool
        Whether to start from the checkpoint.
    accelerator : Accelerator, optional
        Devices and precision; by default those that the configuration and the machine give.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Data | Drawings,
        out: Path,
        resume: bool,
        accelerator: Accelerator | None = None,
    ) -> None:
        self.accelerator = accelerator or make_accelerator(config)
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.out = config, out
        self.data = Data(data) if isinstance(data, Drawings) else data
        out.mkdir(parents=True, exist_ok=True)
        if (out / CHECKPOINT).is_file() and not resume:
            raise InputError(f"'{out}' holds a checkpoint: resume it, or choose another folder.")
        self.pipeline = begin(config, out)
        self.objective = Objective(config, self.pipeline)
        self.model = self.learner(self.pipeline)
        if config.checkpointing:
            self.pipeline.unet.enable_gradient_checkpointing()
        self.average = {k: v.detach().clone() for k, v in self.model.learned().items()}
        self.optimizers = make_optimizers(
            self.model, config.matrix_lr, config.lr, config.weight_decay
        )
        self._base_rates = [[g["lr"] for g in o.param_groups] for o in self.optimizers]
        # Each process draws its own objects and noise.
        rank = self.accelerator.process_index
        torch.manual_seed(config.seed + rank)
        self.generator = np.random.default_rng([config.seed, rank] if rank else config.seed)
        self.step_count = self.samples = 0
        self.seconds = 0.0
        if resume and (out / CHECKPOINT).is_file():
            self._load()
        self._prepare()
        self.board = Board(out, self.samples) if self.accelerator.is_main_process else None

    def learner(self, pipeline: Era3DPipeline) -> Learner:
        """What of a pipeline is trained."""
        return Trainee(pipeline, self.config.freeze, self.config.sight_weight > 0)

    def _prepare(self) -> None:
        """Move everything to the device, and let processes share their gradients."""
        device = self.accelerator.device
        self._wrapped = self.accelerator.prepare(self.model)
        self.optimizers = tuple(self.accelerator.prepare(o) for o in self.optimizers)
        self.average = {name: tensor.to(device) for name, tensor in self.average.items()}
        self.objective.space.codec.to(device)
        learned = self.model.learned()
        self._pose = [p for n, p in learned.items() if "regressor" in n]
        self._trunk = [p for n, p in learned.items() if "regressor" not in n]

    def run(self, progress: Progress = ignore) -> None:
        """Step until the schedule ends, saving now and then and at the end."""
        saved = logged = time.monotonic()
        errors: list[Losses] = []
        total = self.config.schedule.total
        progress(self.samples, total)
        while self.samples < total:
            before = self.samples
            errors += self.step()
            now = time.monotonic()
            if now - logged > _LOG_SECONDS or self.samples >= total:
                self._log(errors)
                errors, logged = [], now
            if self._passed(before, self.config.look_every):
                self.look()
            if now - saved > self.config.save_seconds:
                self.save()
                saved = now
            progress(self.samples, total)
        self.save()
        if self.board is not None:
            self.board.close()

    def step(self) -> list[Losses]:
        """Learn from one batch, in as many passes as are accumulated; return their errors."""
        started = time.process_time()
        factor = self.config.schedule.factor(self.samples)
        for optimizer, rates in zip(self.optimizers, self._base_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        losses = [self._pass() for _ in range(self.config.accumulate)]
        self.step_count += 1
        passes = self.accelerator.num_processes * self.config.accumulate
        self.samples += self.config.batch * passes
        self._update_average()
        self.seconds += time.process_time() - started
        return losses

    def _pass(self) -> Losses:
        with self.accelerator.accumulate(self._wrapped):
            with self._attention():
                losses = self._losses()
                self.accelerator.backward(losses.total)
            if self.accelerator.sync_gradients:
                self.accelerator.clip_grad_norm_(self._trunk, self.config.clip)
                if self._pose:
                    torch.nn.utils.clip_grad_norm_(self._pose, self.config.pose_clip)
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad()
        return Losses(losses.total.detach(), losses.from_noise)

    def _losses(self) -> Losses:
        """Errors of what the model says of a batch."""
        assert self.data.drawings is not None
        batch = self._on_device(self.data.drawings.pick(self.config.batch, self.generator))
        drawn = self.objective.draw(batch)
        further = self._further()
        said = self._wrapped(
            drawn.noisy,
            drawn.times,
            batch.photo,
            drawn.condition,
            drawn.label_noise,
            drawn.untold,
            further,
        )
        return self.objective.losses(drawn, said, batch, further and further.poses)

    def _further(self) -> Further | None:
        """Photos of which only the camera is asked."""
        if not self.config.sight_photos or self.data.photos is None:
            return None
        shots = self.data.photos.pick(self.config.sight_photos, self.generator)
        device = self.accelerator.device
        return self.objective.draw_further(Shots(*(tensor.to(device) for tensor in shots)))

    def _attention(self) -> Any:
        """On a CPU sequences are short: the plain attention kernel has the faster gradient."""
        backends = [SDPBackend.MATH] if self.accelerator.device.type == "cpu" else list(_FUSED)
        return sdpa_kernel(backends)

    def _on_device(self, batch: Sample) -> Sample:
        device = self.accelerator.device
        return Sample(*(getattr(batch, f.name).to(device) for f in dataclasses.fields(batch)))

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(self.config.ema, (1 + self.step_count) / (10 + self.step_count))
        for name, value in self.model.learned().items():
            self.average[name].lerp_(value, 1 - keep)

    def _passed(self, before: int, every: int) -> bool:
        return bool(every) and before // every != self.samples // every

    def _log(self, errors: Sequence[Losses]) -> None:
        if self.board is not None and errors:
            known = {"loss": [e.total for e in errors], "error": [e.from_noise for e in errors]}
            values = {name: float(torch.stack(x).nanmean()) for name, x in known.items()}
            self.board.numbers(self.samples, values | {"cpu_seconds": self.seconds})

    def look(self) -> None:
        """Draw and measure the objects that are looked at, with the averaged weights."""
        if self.board is None or self.data.watched is None:
            return
        watched: Scenes = self.data.watched
        said = predict(self.averaged()[0], watched)
        self.board.numbers(self.samples, measure(said, watched))
        self.board.picture(self.samples, "objects", grid(said, watched))

    def averaged(self) -> tuple[Era3DPipeline, Learner]:
        """Model and learner with averaged weights, on the CPU; leaves the random numbers alone."""
        with torch.random.fork_rng():
            pipeline = begin(self.config, self.out)
            learner = self.learner(pipeline)
        learner.load_state_dict(self.average, strict=False)
        pipeline.unet.eval()
        pipeline.image_encoder.eval()
        return pipeline, learner

    def save(self) -> None:
        """Replace the checkpoint, in one move."""
        states = gather_object([(torch.get_rng_state(), self.generator.bit_generator.state)])
        if self.accelerator.is_main_process:
            state = {
                "fingerprint": self.config.fingerprint(),
                "model": dict(self.model.learned()),
                "average": self.average,
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step_count,
                "samples": self.samples,
                "seconds": self.seconds,
                "random": [list(one) for one in states],
            }
            if self.accelerator.scaler is not None:
                state["scaler"] = self.accelerator.scaler.state_dict()
            checkpoint.save(state, self.out / CHECKPOINT)
        self.accelerator.wait_for_everyone()

    def _load(self) -> None:
        state = checkpoint.load(self.out / CHECKPOINT, self.config.fingerprint())
        learned = self.model.learned()
        for name, parameter in learned.items():
            parameter.data.copy_(state["model"][name])
            self.average[name].copy_(state["average"][name])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step_count, self.samples = state["step"], state["samples"]
        self.seconds = state["seconds"]
        if "scaler" in state and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        # With more processes than before, the new ones begin with their own numbers.
        rank = self.accelerator.process_index
        if rank < len(state["random"]):
            numbers, numpy_state = state["random"][rank]
            torch.set_rng_state(numbers)
            self.generator.bit_generator.state = numpy_state

    def export(self, folder: Path) -> None:
        """Write the averaged weights as a model folder, with a note on how they came to be."""
        if not self.accelerator.is_main_process:
            return
        save_pipeline(self.averaged()[0], folder)
        note = {
            "samples": self.samples,
            "steps": self.step_count,
            "cpu_seconds": round(self.seconds),
            "fingerprint": self.config.fingerprint(),
            "data": dataclasses.asdict(self.config.data),
        }
        (folder / "training.json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")


_FUSED = (
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.MATH,
)
