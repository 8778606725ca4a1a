# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move, turn, stretch and paint Gaussians until their pictures are the given ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from era3d.progress import Progress, ignore
from era3d.splats.cloud import SH_C0, Gaussians, harmonics_of
from era3d.splats.cuda import has_gsplat, render_cuda
from era3d.splats.fragments import Fragments
from era3d.splats.project import rotation_matrices
from era3d.splats.render import Parameters, plan_of, render
from era3d.splats.targets import Target

# Step sizes. Shifts are of the centres, in spacings between Gaussians.
_RATES = {"shifts": 0.05, "quaternions": 0.01, "log_scales": 0.02, "logits": 0.05, "colors": 0.02}
# Of a Gaussian's gradient where it is seen well; those hardly seen at all shall hardly move.
_LEAST_GRADIENT = 0.01
_LAST_RATE = 0.05
# What is drawn, and in which order, is found anew after so many visits of a picture.
_PLAN_LASTS, _SLACK = 3, 2.0
_OPACITY_PRIOR = 0.01


@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    Attributes
    ----------
    steps : int
        Each looks at one picture.
    seed : int
        Of the order of the pictures.
    normal : float
        Weight of the normals beside that of the colours.
    prior : float
        How firmly Gaussians are held to where and what they were: those that no picture shows
        stay as they are, the others follow the pictures.
    """

    steps: int = 300
    seed: int = 0
    normal: float = 0.1
    prior: float = 0.02


_DEFAULTS, _CPU = FitSettings(), torch.device("cpu")


def fit(
    start: Gaussians,
    targets: Sequence[Target],
    settings: FitSettings = _DEFAULTS,
    progress: Progress = ignore,
    device: torch.device = _CPU,
) -> Gaussians:
    """Fit Gaussians to pictures with Adam, one picture a step.

    Parameters
    ----------
    start : Gaussians
        Their colours are fitted as seen from everywhere: higher harmonics are left out.
    targets : sequence of Target
    settings : FitSettings
    progress : Progress
    device : torch.device

    Returns
    -------
    Gaussians
        As many as there were, of degree 0.
    """
    model = _Model(start, device)
    optimizer = torch.optim.Adam(model.groups(), betas=(0.9, 0.99), eps=_LEAST_GRADIENT)
    slower = torch.optim.lr_scheduler.ExponentialLR(optimizer, _LAST_RATE ** (1 / settings.steps))
    targets = [target.to(device) for target in targets]
    plans = None if has_gsplat(device) else _Plans(model)
    for step, index in zip(
        range(settings.steps), _order(len(targets), settings.seed), strict=False
    ):
        target = targets[index]
        optimizer.zero_grad()
        plan = plans.of(index, target) if plans else None
        model.loss(target, plan, settings).backward()
        optimizer.step()
        slower.step()
        progress(step + 1, settings.steps)
    return model.result()


def _order(count: int, seed: int) -> Iterator[int]:
    """Every picture once before any comes again."""
    rng = np.random.default_rng(seed)
    while True:
        yield from rng.permutation(count).tolist()


class _Plans:
    """What is drawn in each picture, found anew from time to time."""

    def __init__(self, model: "_Model") -> None:
        self._model = model
        self._kept: dict[int, tuple[Fragments, int]] = {}

    def of(self, index: int, target: Target) -> Fragments:
        plan, visits = self._kept.get(index, (None, 0))
        if plan is None or visits % _PLAN_LASTS == 0:
            plan = plan_of(self._model.gaussians(), target.lens, _SLACK)
        self._kept[index] = plan, visits + 1
        return plan


class _Model:
    """Gaussians that learn, and what they were."""

    def __init__(self, start: Gaussians, device: torch.device) -> None:
        colors = SH_C0 * start.harmonics[:, 0] + 0.5
        shifts = np.zeros_like(start.means)
        arrays = shifts, start.rotations, start.log_scales, start.logits, colors
        self._learned = dict(
            zip(_RATES, (torch.tensor(array, device=device) for array in arrays), strict=True)
        )
        self._start = {name: values.clone() for name, values in self._learned.items()}
        for values in self._learned.values():
            values.requires_grad_()
        self._means = torch.tensor(start.means, device=device)
        self._spacing = float(np.exp(np.median(start.log_scales.max(axis=1))))

    def groups(self) -> list[dict[str, object]]:
        """What the optimizer wants to know."""
        return [{"params": [values], "lr": _RATES[name]} for name, values in self._learned.items()]

    def gaussians(self) -> Parameters:
        """What they are now."""
        learned = self._learned
        means = self._means + self._spacing * learned["shifts"]
        return Parameters(means, learned["quaternions"], learned["log_scales"], learned["logits"])

    def loss(self, target: Target, plan: Fragments | None, settings: FitSettings) -> Tensor:
        """Mean difference over the pixels of the object, and over what the Gaussians were.

        Times the number of Gaussians, so that gradients are of one size whatever there is of them.
        """
        gaussians = self.gaussians()
        features = [self._learned["colors"]]
        if target.normal is not None:
            features.append(rotation_matrices(gaussians.quaternions)[..., 2])
        drawn = torch.cat(features, 1)
        if plan is None:
            picture, alpha = render_cuda(gaussians, drawn, target.lens)
        else:
            picture, alpha = render(gaussians, drawn, target.lens, plan)
        loss = (picture[..., :3] - target.color).abs().sum() / 3
        if target.alpha is not None:
            loss = loss + (alpha - target.alpha).abs().sum()
        if target.normal is not None:
            loss = loss + settings.normal * (picture[..., 3:] - target.normal).abs().sum() / 3
        share = target.weight / target.pixels
        return len(drawn) * (share * loss + settings.prior * self._change())

    def _change(self) -> Tensor:
        change = {name: values - self._start[name] for name, values in self._learned.items()}
        change["logits"] = change["logits"] * _OPACITY_PRIOR**0.5
        return torch.stack([each.square().mean() for each in change.values()]).sum()

    def result(self) -> Gaussians:
        gaussians, colors = self.gaussians(), self._learned["colors"]
        parts = gaussians.means, gaussians.quaternions, gaussians.log_scales, gaussians.logits
        means, rotations, log_scales, logits, final = (
            values.detach().cpu().numpy() for values in (*parts, colors)
        )
        return Gaussians(means, rotations, log_scales, logits, harmonics_of(final))
