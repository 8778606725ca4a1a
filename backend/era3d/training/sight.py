# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teaching the image encoder alone to see the camera: it needs many photos, and they are cheap.

Two numbers for a photo are little to learn from. So each patch is asked, too, for the normals that
are seen in it, in the front camera's and in the photo's own frame: between these two lies the
elevation. An encoder learns to answer for patches much sooner, and the camera from there.
"""

import numpy as np
import torch
from torch.nn import functional as F

from era3d.diffusion.pipeline import Era3DPipeline
from era3d.training.metrics import camera_errors
from era3d.training.model import Seer
from era3d.training.objective import Losses
from era3d.training.photos import NORMAL_BLOCK, Shots, in_both_frames
from era3d.training.trainer import Trainer

_AT_ONCE = 64


class SightTrainer(Trainer):
    """A run whose samples are photos; all but the image encoder stays as it is."""

    def learner(self, pipeline: Era3DPipeline) -> Seer:
        """See `Trainer.learner`."""
        return Seer(pipeline, pipeline.image_size // NORMAL_BLOCK)

    def _losses(self) -> Losses:
        device = self.accelerator.device
        assert self.data.photos is not None
        picked = self.data.photos.pick(self.config.batch, self.generator)
        shots = Shots(*(tensor.to(device) for tensor in picked))
        seen = self._wrapped(shots.photos)
        error = F.mse_loss(seen.cameras.float(), shots.poses)
        asked = in_both_frames(shots.normals, shots.poses[:, 0])
        grid = int(seen.patches.shape[1] ** 0.5)
        asked = F.pixel_unshuffle(asked, asked.shape[-1] // grid).flatten(2).mT
        return Losses(error + F.mse_loss(seen.patches.float(), asked), error.detach())

    def look(self) -> None:
        """Measure the cameras read from photos of objects that are not trained on.

        In the log ``elevation`` and ``focal`` are of photos as a model's other conditions are, and
        ``any_...`` of photos as in the training; ``..._constant`` is of the best constant camera.
        """
        if self.board is None or self.data.watched is None or self.data.watched_photos is None:
            return
        seer, watched = self.averaged()[1], self.data.watched
        fronts = torch.from_numpy(np.concatenate(watched.photos)).permute(0, 3, 1, 2) / 127.5 - 1
        shots = self.data.watched_photos.everything()
        numbers: dict[str, float] = {}
        for name, photos, true in (
            ("", fronts, np.concatenate(watched.poses)),
            ("any_", shots.photos, shots.poses.numpy()),
        ):
            with torch.no_grad():
                said = torch.cat([seer(some).cameras for some in photos.split(_AT_ONCE)]).numpy()
            constant = camera_errors(np.median(true, 0), true)
            numbers |= {f"{name}{key}": error for key, error in camera_errors(said, true).items()}
            numbers |= {f"{name}{key}_constant": error for key, error in constant.items()}
        self.board.numbers(self.samples, numbers)
