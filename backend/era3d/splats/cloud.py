# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud of 3-D Gaussians as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SH_C0 = 0.28209479177387814
"""The constant spherical harmonic, 1 / (2 sqrt(pi))."""
HIGHEST_DEGREE = 3


@dataclass(frozen=True)
class Gaussians:
    """Gaussians with opacity and a colour that may depend on the direction they are seen from.

    The parameters are those of Kerbl et al., 3D Gaussian Splatting (2023), and of its files.

    Attributes
    ----------
    means : (n, 3) float32
        Centres, world frame, units.
    rotations : (n, 4) float32
        Quaternions w, x, y, z; of any length but zero.
    log_scales : (n, 3) float32
        Natural logarithms of the standard deviations along the rotated axes, in units.
    logits : (n,) float32
        The opacity is their logistic function.
    harmonics : (n, K, 3) float32
        Coefficients of real spherical harmonics of sRGB, K = (degree + 1)^2; the colour seen is
        their sum plus one half.
    """

    means: NDArray[np.float32]
    rotations: NDArray[np.float32]
    log_scales: NDArray[np.float32]
    logits: NDArray[np.float32]
    harmonics: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.means)
        shapes = (n, 3), (n, 4), (n, 3), (n,), (n, (self.degree + 1) ** 2, 3)
        arrays = self.means, self.rotations, self.log_scales, self.logits, self.harmonics
        for array, shape in zip(arrays, shapes, strict=True):
            if array.shape != shape:
                raise ValueError(f"Gaussians need an array {shape}, not {array.shape}")

    def __len__(self) -> int:
        return len(self.means)

    def __getitem__(self, chosen: NDArray[np.integer] | NDArray[np.bool_] | slice) -> "Gaussians":
        """Some of them, by index or mask."""
        return Gaussians(
            self.means[chosen],
            self.rotations[chosen],
            self.log_scales[chosen],
            self.logits[chosen],
            self.harmonics[chosen],
        )

    @property
    def degree(self) -> int:
        """Highest degree of the spherical harmonics, 0 to 3."""
        return round(self.harmonics.shape[1] ** 0.5) - 1

    def colors(self) -> NDArray[np.float32]:
        """The part (n, 3) of their sRGB colours that is the same from everywhere, 0..1."""
        return (0.5 + SH_C0 * self.harmonics[:, 0]).clip(0.0, 1.0)


def harmonics_of(colors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Coefficients (n, 1, 3) of sRGB colours (n, 3) that are the same from everywhere."""
    return ((colors - 0.5) / SH_C0)[:, None].astype(np.float32)
