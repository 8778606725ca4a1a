# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera that took the picture, as the model estimates it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from era3d.cameras import reference_camera
from era3d.diffusion.result import GeneratedViews
from era3d.prepare.frame import SUBJECT_SIZE, Crop

# Era3D regresses 24 mm / focal length; 0 means orthographic.
_FOCAL_UNIT_MM = 24.0
_ORTHOGRAPHIC_BELOW = 0.1


@dataclass(frozen=True)
class Pose:
    """Where the picture was taken from, as the model estimates it.

    Attributes
    ----------
    elevation_degrees : float
        Above the object's horizon; mean over the sampling steps.
    elevation_spread : float
        Standard deviation over the steps, degrees.
    focal_mm : float
        On a sensor 32 mm wide; 240 stands for orthographic.
    orthographic : bool
    """

    elevation_degrees: float
    elevation_spread: float
    focal_mm: float
    orthographic: bool

    def reference_camera(self, crop: dict[str, Any]) -> dict[str, Any]:
        """The camera of the uncropped photo; ``crop`` is an `era3d.prepare.Crop` as a dict."""
        cut = Crop(**{name: tuple(value) for name, value in crop.items()})
        return reference_camera(
            np.radians(self.elevation_degrees),
            self.focal_mm,
            cut.photo_size,
            cut.centre,
            cut.scale / SUBJECT_SIZE,
        )

    def as_dict(self) -> dict[str, Any]:
        """For job.json."""
        return asdict(self)


def pose_of(generated: GeneratedViews) -> Pose | None:
    """The camera of the picture, or None if the model does not estimate it."""
    if generated.elevation is None or generated.focal is None:
        return None
    focal = max(generated.focal, _ORTHOGRAPHIC_BELOW)
    return Pose(
        elevation_degrees=float(np.degrees(generated.elevation)),
        elevation_spread=float(np.degrees(np.std(generated.elevations))),
        focal_mm=_FOCAL_UNIT_MM / focal,
        orthographic=generated.focal <= _ORTHOGRAPHIC_BELOW,
    )
