# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teaching the image encoder alone to see the camera: it needs many photos, and they are cheap."""

import numpy as np
import torch
from torch.nn import functional as F

from era3d.diffusion.pipeline import Era3DPipeline
from era3d.training.metrics import camera_errors
from era3d.training.model import Seer
from era3d.training.objective import Losses
from era3d.training.trainer import Trainer

_AT_ONCE = 64


class SightTrainer(Trainer):
    """A run whose samples are photos; all but the image encoder stays as it is."""

    def learner(self, pipeline: Era3DPipeline) -> Seer:
        """See `Trainer.learner`."""
        return Seer(pipeline)

    def _losses(self) -> Losses:
        device = self.accelerator.device
        photos, poses = self.data.drawings.pick_photos(self.config.batch, self.generator)
        error = F.mse_loss(self._wrapped(photos.to(device)).float(), poses.to(device))
        return Losses(error, error.detach())

    def look(self) -> None:
        """Measure the cameras that are read from photos of objects that are not trained on."""
        if self.board is None or self.data.watched is None:
            return
        watched, (_, seer) = self.data.watched, self.averaged()
        photos = torch.from_numpy(np.concatenate(watched.photos)).permute(0, 3, 1, 2) / 127.5 - 1
        with torch.no_grad():
            said = torch.cat([seer(some) for some in photos.split(_AT_ONCE)]).numpy()
        errors = camera_errors(said, np.concatenate(watched.poses))
        self.board.numbers(self.samples, errors)
