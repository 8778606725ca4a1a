# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guidance without a classifier: what the picture adds to a prediction, exaggerated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from era3d.diffusion.conditioning import Inputs
from era3d.diffusion.unet import Era3DUNet


@dataclass(frozen=True)
class Denoiser:
    """The network with all that stays the same from step to step.

    Attributes
    ----------
    unet : Era3DUNet
    told : Inputs
        Twelve rows, of the network's dtype.
    untold : Inputs or None
        The same without the picture; None where nothing is to be exaggerated.
    scale : float
        Of the guidance.
    """

    unet: Era3DUNet
    told: Inputs
    untold: Inputs | None
    scale: float

    def without_guidance(self) -> Denoiser:
        """The same for steps at which nothing is to be exaggerated."""
        return replace(self, untold=None)

    def __call__(self, latents: Tensor, time: Tensor, passes: int) -> tuple[Tensor, Tensor | None]:
        """Predict from latents ``(12, channels, h, w)``.

        Parameters
        ----------
        latents : Tensor
        time : () Tensor
            The timestep, on the latents' device.
        passes : int
            1 runs both halves as one batch, 2 one after the other, which needs less memory.

        Returns
        -------
        prediction : (12, channels, h, w) float32 Tensor
        pose : (2,) float32 Tensor or None
        """
        if self.untold is None:
            prediction, pose = self._run(latents, time, self.told)
            return prediction, None if pose is None else pose[0]
        if passes == 1:
            joined = Inputs(*map(join_halves, self.untold, self.told))
            prediction, pose = self._run(join_halves(latents, latents), time, joined)
            without, with_ = split_halves(prediction)
        else:
            without, lower = self._run(latents, time, self.untold)
            with_, upper = self._run(latents, time, self.told)
            pose = None if lower is None or upper is None else torch.cat([lower, upper])
        guided_pose = None if pose is None else guide(pose[0], pose[1], self.scale)
        return guide(without, with_, self.scale), guided_pose

    def _run(self, latents: Tensor, time: Tensor, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        sample = torch.cat([latents.to(inputs.condition.dtype), inputs.condition], dim=1)
        output = self.unet(sample, time, inputs.prompts, inputs.labels)
        return output.sample.float(), None if output.pose is None else output.pose.float()


def guide(without: Tensor, with_: Tensor, scale: float) -> Tensor:
    """Go from the unconditional prediction through the conditional one, ``scale`` times as far."""
    return without + scale * (with_ - without)


def join_halves(without: Tensor, with_: Tensor) -> Tensor:
    """Make the guided batch: normals without and with condition, colours without and with.

    Both inputs are ``(12, ...)``, normals first. The halves of the result are the domains, as the
    network's joint attention expects.
    """
    return torch.stack([without.unflatten(0, (2, -1)), with_.unflatten(0, (2, -1))], 1).flatten(
        0, 2
    )


def split_halves(batch: Tensor) -> tuple[Tensor, Tensor]:
    """Undo `join_halves`."""
    without, with_ = batch.unflatten(0, (2, 2, -1)).unbind(1)
    return without.flatten(0, 1), with_.flatten(0, 1)
