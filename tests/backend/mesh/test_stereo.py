# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import torch

from era3d.mesh.observations import observe
from era3d.mesh.stereo import match
from era3d.mesh.trust import mirror_error
from era3d.views import Views
from tests.backend.mesh.solids import DENT_CENTRE, DENT_RADIUS, dented_sphere, sphere, views_of


def test_depths_of_a_dent_that_no_silhouette_shows():
    maps = match(observe(views_of(dented_sphere, 128)), 0.36)
    size = maps.images.size
    centre = (torch.arange(size) + 0.5) / size - 0.5
    radius = torch.hypot(centre[None], -centre[:, None])
    # The front camera's depth is the world's y.
    truth = DENT_CENTRE[1] + (DENT_RADIUS**2 - radius**2).clamp(min=0).sqrt()
    floor = radius < 0.12
    # The hull's front is 0.15 to 0.2 away from it.
    assert (maps.depth[0] - truth)[floor].abs().median() < 0.02


def test_mirror_error_tells_exact_views_from_shifted_ones():
    views = views_of(sphere, 64)
    assert mirror_error(observe(views)) * 64 < 0.1
    shifted = views.normal.copy()
    shifted[3] = np.roll(shifted[3], 3, axis=1)
    assert mirror_error(observe(Views(views.color, shifted))) * 64 > 1
