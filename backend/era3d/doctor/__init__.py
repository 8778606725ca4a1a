# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine can run, what would be used, and what to do about each problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from era3d.devices import Device, choose, find
from era3d.doctor.finding import Finding, ok, problem
from era3d.doctor.software import look_at_software, torch_starts
from era3d.doctor.storage import look_at_storage
from era3d.errors import InputError

if TYPE_CHECKING:
    from era3d.doctor.forecast import Forecast


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes
    ----------
    findings : tuple of Finding
    device : Device or None
        What would be used; None if nothing can.
    forecasts : tuple of Forecast
        What to expect of models on it.
    """

    findings: tuple[Finding, ...]
    device: Device | None = None
    forecasts: tuple[Forecast, ...] = ()

    @property
    def can_run(self) -> bool:
        """Whether a job with some model would run."""
        return any(forecast.fits for forecast in self.forecasts)

    def as_dict(self) -> dict[str, Any]:
        """Return what a JSON file can hold."""
        return {
            "can_run": self.can_run,
            "device": None if self.device is None else asdict(self.device),
            "forecasts": [asdict(f) | {"fits": f.fits} for f in self.forecasts],
            "findings": [asdict(finding) for finding in self.findings],
        }


def examine(name: str = "auto", limit_gb: float | None = None) -> Diagnosis:
    """Look at this machine; loads no model.

    Parameters
    ----------
    name : str
        The device that a job would ask for; see `era3d.devices.choose`.
    limit_gb : float, optional
        The memory that a job would allow itself.
    """
    findings = [*look_at_software(), *look_at_storage()]
    if (broken := torch_starts()) is not None:
        return Diagnosis((*findings, broken))
    # What follows needs PyTorch.
    from era3d.doctor.forecast import matrix_rate
    from era3d.doctor.hardware import look_at_devices, makers, this_build

    devices = find()
    findings += look_at_devices(devices, this_build(), makers())
    return conclude(findings, devices, name, limit_gb, matrix_rate)


def conclude(
    findings: Sequence[Finding],
    devices: Sequence[Device],
    name: str,
    limit_gb: float | None,
    rate: Callable[[Device], float],
) -> Diagnosis:
    """Add what would be used and what to expect of it; see `examine` and `forecasts`."""
    from era3d.doctor.forecast import forecasts

    try:
        device = choose(name, devices)
    except InputError as error:
        return Diagnosis((*findings, problem("device", str(error), "Choose auto.")))
    expected = forecasts(device, limit_gb, rate)
    used = ok("device", f"would be used: {device.name} ({device.torch})")
    told = [forecast.as_finding() for forecast in expected]
    return Diagnosis((*findings, used, *told), device, expected)
