# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The level set's steps: they stay at the truth, and on the device of what they are given."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from era3d.mesh import fusion, parallel
from era3d.mesh.distance import redistance
from era3d.mesh.extract import extract
from era3d.mesh.fusion import advance, fuse_levelset
from era3d.mesh.grid import Band, inner_keys
from era3d.mesh.observations import observe
from era3d.mesh.settings import MeshSettings
from era3d.mesh.start import make_grid, object_box
from era3d.mesh.stereo import match
from era3d.mesh.trust import Trust
from era3d.views import Views
from tests.backend.mesh.solids import cube, dented_sphere, letter_f, pickup, sphere, views_of

# Two levels after the first, so that a carved shape is refined.
SETTINGS = MeshSettings(cells=104)
EXACT = Trust(behind_vote=0.05, anchor=5.0, good_error=4.5)
# World units; twice that in a box of two.
DRIFT = 0.0015


def at_truth(distance, grid):
    """Band and signed distance of the solid itself."""
    truth = distance(grid.positions(grid.cells(grid.every())).numpy().astype(float)) / grid.pitch
    truth = torch.from_numpy(truth.astype(np.float32))
    keys = inner_keys((truth.abs() < 3.0).view(grid.shape))
    return redistance(Band(grid, keys), truth[keys])


@pytest.mark.parametrize(
    ("solid", "with_depths"),
    [
        (sphere, False),
        (sphere, True),
        (cube, False),
        (cube, True),
        (dented_sphere, False),
        (dented_sphere, True),
        # Its undersides, which no view sees, are held only where stereo has carved.
        (letter_f, True),
    ],
)
def test_what_starts_at_the_truth_stays_there(solid, with_depths):
    obs = observe(views_of(solid, 128))
    maps = match(obs, 0.4) if with_depths else None
    band, phi = at_truth(solid, make_grid(object_box(obs), 80))
    for _ in range(6):
        band, phi = advance(band, phi, obs, maps, EXACT)
    assert np.abs(solid(extract(band, phi).vertices)).mean() < DRIFT


def test_a_recess_into_which_one_view_looks_stays_open_where_it_is_held():
    """Nothing else tells the surface beside it, which no view sees, where it should be."""
    obs = observe(views_of(pickup, 128))
    maps = match(obs, 0.4)
    drift = {}
    for firmness in (0.002, 0.3):
        band, phi = at_truth(pickup, make_grid(object_box(obs), 80))
        for _ in range(4):
            band, phi = advance(band, phi, obs, maps, replace(EXACT, firmness=firmness))
        drift[firmness] = np.abs(pickup(extract(band, phi).vertices)).mean()
    assert drift[0.3] < 0.6 * drift[0.002]
    assert drift[0.3] < 1.4 * DRIFT


@pytest.fixture(scope="module")
def bent():
    """Views that disagree and are therefore registered, of a shape that stereo carves."""
    views = views_of(letter_f, 160)
    normal = views.normal.copy()
    normal[3] = np.roll(normal[3], 3, axis=1)
    return Views(views.color, normal)


@pytest.fixture(scope="module")
def on_the_cpu(bent):
    return fuse_levelset(bent, SETTINGS)


@pytest.mark.parametrize("exact", [True, False])
def test_views_that_disagree_are_looked_at_once(exact, bent, monkeypatch):
    """What hides what, by depths that are off, tells nothing; exact views tell recesses by it."""
    looks = []
    monkeypatch.setattr(fusion, "match", lambda *told: looks.append(told) or match(*told))
    monkeypatch.setattr(fusion, "estimate_trust", lambda *_: replace(EXACT, exact=exact))
    fuse_levelset(bent, SETTINGS)
    assert len(looks) == (2 if exact else 1)


def test_every_tensor_is_made_where_it_belongs(bent, on_the_cpu, monkeypatch):
    """With another default device, a tensor made without naming one could not be mixed.

    Threads have default devices of their own, hence none.
    """
    monkeypatch.setattr(parallel, "_AT_ONCE", 1)
    with torch.device("meta"):
        mesh = fuse_levelset(bent, SETTINGS)
    np.testing.assert_allclose(mesh.vertices, on_the_cpu.vertices, atol=1e-6)


def test_a_device_that_fails_gives_way_to_the_cpu(bent, on_the_cpu):
    """Nothing can be read back from this one."""
    mesh = fuse_levelset(bent, replace(SETTINGS, device="meta"))
    np.testing.assert_allclose(mesh.vertices, on_the_cpu.vertices, atol=1e-6)
