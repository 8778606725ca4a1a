# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""gsplat's kernels against their plain twin."""

import pytest
import torch

from era3d.lens import lens_of_view, orbit_lens
from era3d.splats.cuda import has_gsplat, render_cuda
from era3d.splats.render import Parameters, render
from tests.backend.splats.clouds import random_cloud


@pytest.mark.gpu
@pytest.mark.parametrize(
    "lens", [lens_of_view("back", 64), orbit_lens("orbit", 30.0, 20.0, 64, 80.0)]
)
def test_gsplat_draws_what_plain_torch_draws(lens):
    if not torch.cuda.is_available() or not has_gsplat("cuda"):
        pytest.skip("no CUDA or no gsplat")
    cloud = random_cloud(500)
    parts = cloud.means, cloud.rotations, cloud.log_scales, cloud.logits
    gaussians = Parameters(*(torch.tensor(part, device="cuda") for part in parts))
    features = torch.rand(500, 3, device="cuda")
    for fast, plain in zip(
        render_cuda(gaussians, features, lens), render(gaussians, features, lens), strict=True
    ):
        torch.testing.assert_close(fast, plain, atol=1e-4, rtol=0)


def test_without_cuda_gsplat_is_not_asked():
    assert not has_gsplat("cpu")
