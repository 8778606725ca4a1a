# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random Gaussians, and cameras that look at them."""

import numpy as np

from era3d.lens import lens_of_view, orbit_lens
from era3d.splats import Gaussians

LENSES = {
    "ortho": lens_of_view("front_right", 32),
    "pinhole": orbit_lens("orbit", 30.0, 20.0, 32, 40.0),
}
"""By gsplat's name for their kind."""


def random_cloud(count: int, degree: int = 0, seed: int = 0, smallest: float = 0.02) -> Gaussians:
    """Gaussians of all shapes in the box that the cameras see."""
    rng = np.random.default_rng(seed)
    return Gaussians(
        rng.uniform(-0.35, 0.35, (count, 3)).astype(np.float32),
        rng.normal(size=(count, 4)).astype(np.float32),
        np.log(rng.uniform(smallest, 4 * smallest, (count, 3))).astype(np.float32),
        rng.normal(0.0, 2.0, count).astype(np.float32),
        rng.normal(0.0, 0.5, (count, (degree + 1) ** 2, 3)).astype(np.float32),
    )
