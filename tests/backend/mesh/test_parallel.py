# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import threading

import numpy as np
import pytest
import torch

from era3d.mesh import MeshSettings, fuse, parallel
from era3d.mesh.observations import observe
from era3d.mesh.stereo import match
from tests.backend.mesh.solids import dented_sphere, views_of


@pytest.fixture
def cores(monkeypatch):
    return lambda number: monkeypatch.setattr(parallel, "_AT_ONCE", number)


@pytest.mark.parametrize("number", [1, 2])
def test_results_come_in_order(cores, number):
    cores(number)
    assert parallel.each(lambda item: item * item, range(20)) == [k * k for k in range(20)]


def test_two_parts_are_worked_on_at_once(cores):
    cores(2)
    meeting = threading.Barrier(2, timeout=10)
    parallel.each(lambda _: meeting.wait(), range(2))


def test_what_a_part_raises_is_raised(cores):
    cores(2)
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        parallel.each(lambda item: 1 // item, [1, 0])
    assert torch.get_num_threads() == before


def test_depths_and_mesh_are_those_of_one_core(cores):
    views = views_of(dented_sphere, 128)
    depths, meshes = [], []
    for number in (1, 2):
        cores(number)
        depths.append(match(observe(views), 0.36))
        meshes.append(fuse(views, MeshSettings(cells=80)))
    assert (depths[0].depth == depths[1].depth).all()
    assert (depths[0].weight == depths[1].weight).all()
    np.testing.assert_array_equal(meshes[0].vertices, meshes[1].vertices)
    np.testing.assert_array_equal(meshes[0].faces, meshes[1].faces)
