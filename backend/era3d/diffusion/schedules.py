# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many steps, of which solver, how strongly guided: presets, and the solvers they name.

Everything a step needs from the tables is known to the host beforehand, so that a step never waits
for the device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, cast, get_args

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor

from era3d.errors import InputError

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

Solver = Literal["ddim", "ddim-trailing", "dpm++", "unipc"]


@dataclass(frozen=True)
class Sampling:
    """How a model is sampled.

    Attributes
    ----------
    steps : int
    guidance : float
        1 runs no unconditional half.
    eta : float
        Noise of DDIM: 0 none, 1 as much as the forward process; 0 for other solvers.
    guided : (float, float)
        From which share of the steps to which guidance is on (Kynkäänniemi et al., "Applying
        Guidance in a Limited Interval", 2024); where it is off, a step costs half.
    solver : str
        ``ddim`` takes the timesteps that the model's own file asks for; the others start from the
        last timestep of the training: ``ddim-trailing`` in equal steps of time, ``dpm++``
        (DPM-Solver++ 2M) in equal steps of the logarithm of signal to noise, ``unipc`` at the
        noise levels of Karras et al. 2022.
    """

    steps: int = 40
    guidance: float = 3.0
    eta: float = 1.0
    solver: Solver = "ddim"
    guided: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        # JSON has no tuples.
        object.__setattr__(self, "guided", tuple(self.guided))
        if len(self.guided) != 2 or not 0 <= self.guided[0] <= self.guided[1] <= 1:
            raise InputError(f"guided is {self.guided}; it must be two shares, 0 to 1, in order.")
        if type(self.steps) is not int or self.steps < 1:
            raise InputError(f"steps is {self.steps}; it must be a whole number, 1 or more.")
        if not (math.isfinite(self.guidance) and self.guidance >= 0):
            raise InputError(f"guidance is {self.guidance}; it must be 0 or more.")
        if not 0 <= self.eta <= 1:
            raise InputError(f"eta is {self.eta}; it must lie between 0 and 1.")
        if self.solver not in get_args(Solver):
            raise InputError(
                f"solver is {self.solver!r}; it must be one of {', '.join(get_args(Solver))}."
            )
        if self.eta and not self.solver.startswith("ddim"):
            raise InputError(f"eta is {self.eta}; with the solver {self.solver} it must be 0.")

    def as_dict(self) -> dict[str, Any]:
        """Return the settings by name."""
        return asdict(self)

    def guides(self, index: int, count: int) -> bool:
        """Whether a step, 0 to ``count`` - 1, needs the unconditional half."""
        first, last = self.guided
        return self.guidance > 1 and first <= (index + 0.5) / count <= last


@dataclass(frozen=True)
class Presets:
    """What each quality means for a model; by default for the released checkpoints."""

    draft: Sampling = Sampling(8, 3.0, 0.0, "dpm++")
    standard: Sampling = Sampling(16, 3.0, 0.0, "dpm++")
    reference: Sampling = Sampling(40, 3.0, 1.0, "ddim")

    @classmethod
    def same(cls, sampling: Sampling) -> Self:
        """One way to sample, whatever the quality."""
        return cls(sampling, sampling, sampling)

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Read ``sampling.json``: settings of `Sampling` for each quality.

        Raises
        ------
        InputError
            If a quality or a setting is unknown or makes no sense.
        """
        try:
            return cls(**{name: Sampling(**settings) for name, settings in content.items()})
        except TypeError as error:
            raise InputError(f"sampling.json is not understood: {error}.") from None

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``sampling.json``."""
        return asdict(self)

    def choose(
        self,
        quality: str,
        steps: int | None = None,
        guidance: float | None = None,
        eta: float | None = None,
    ) -> Sampling:
        """Return a preset, with what is given instead of its own."""
        if quality not in ("draft", "standard", "reference"):
            raise InputError(f"quality is {quality!r}; it must be draft, standard or reference.")
        chosen: Sampling = getattr(self, quality)
        return replace(
            chosen,
            steps=chosen.steps if steps is None else steps,
            guidance=chosen.guidance if guidance is None else guidance,
            eta=chosen.eta if eta is None else eta,
        )


RELEASED = Presets()


class Schedule:
    """The steps of one run.

    Parameters
    ----------
    sampling : Sampling
    scheduler : DDIMScheduler
        The model's own: its tables, and what its network predicts.

    Attributes
    ----------
    timesteps : list of int
        Of the steps, in the order in which they are taken.
    initial_scale : float
        Standard deviation of the noise to start from.

    Raises
    ------
    InputError
        If there are more steps than the model was trained with.
    """

    def __init__(self, sampling: Sampling, scheduler: DDIMScheduler) -> None:
        self.eta = sampling.eta
        self._solver = _solver(sampling.solver, scheduler)
        longest = scheduler.config["num_train_timesteps"]
        self.timesteps: list[int] = []
        if sampling.steps <= longest:
            self._solver.set_timesteps(sampling.steps)
            self.timesteps = self._solver.timesteps.tolist()
        if not self.timesteps or max(self.timesteps) >= longest:
            raise InputError(
                f"{sampling.steps} steps are too many; the model was trained with {longest}."
            )
        self.initial_scale = float(self._solver.init_noise_sigma)

    def step(
        self, index: int, prediction: Tensor, latents: Tensor, noise: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return the latents of the next step and the guess at the end result.

        Steps are taken in order. ``noise`` is what eta > 0 adds.
        """
        timestep = self.timesteps[index]
        if isinstance(self._solver, DDIMScheduler):
            stepped = self._solver.step(
                prediction,
                timestep,
                latents,
                eta=self.eta,
                variance_noise=noise,
                return_dict=False,
            )
            return cast("tuple[Tensor, Tensor]", stepped)
        (after,) = self._solver.step(prediction, timestep, latents, return_dict=False)
        clean = self._solver.model_outputs[-1]
        return after, cast("Tensor", clean)


def _solver(
    name: Solver, own: DDIMScheduler
) -> DDIMScheduler | DPMSolverMultistepScheduler | UniPCMultistepScheduler:
    config = {key: value for key, value in own.config.items() if key[0] != "_"}
    if name == "ddim":
        return DDIMScheduler.from_config(config)
    # A sampler that stops at the last noisy timestep would leave its noise in the pictures.
    config |= {"timestep_spacing": "trailing"}
    if name == "ddim-trailing":
        return DDIMScheduler.from_config(config | {"steps_offset": 0, "set_alpha_to_one": True})
    shared = {k: v for k, v in config.items() if k in _SHARED}
    shared |= {"solver_order": 2, "final_sigmas_type": "zero"}
    # Imported here, since these two take longer to import than mini's only step.
    # Steps that are even in time leave the small noise levels to one last step, which then blurs.
    if name == "dpm++":
        from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

        return DPMSolverMultistepScheduler.from_config(shared | {"use_lu_lambdas": True})
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

    return UniPCMultistepScheduler.from_config(shared | {"use_karras_sigmas": True})


_SHARED = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
    "timestep_spacing",
)
