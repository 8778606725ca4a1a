# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
import torch

from era3d.mesh.vectors import length, unit


@pytest.mark.parametrize("shape", [(50, 3), (6, 3, 50), (6, 3, 8, 8)])
def test_as_torch_does_it(shape):
    vectors = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(length(vectors), vectors.norm(dim=1))
    torch.testing.assert_close(unit(vectors), torch.nn.functional.normalize(vectors, dim=1))


def test_zero_has_no_direction():
    assert (unit(torch.zeros(4, 3)) == 0).all()
