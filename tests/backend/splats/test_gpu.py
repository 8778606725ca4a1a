# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""gsplat's kernels against their plain twin."""

import pytest
import torch

from era3d.cli import main
from era3d.lens import lens_of_view, orbit_lens
from era3d.splats.cuda import NO_GSPLAT, has_gsplat, lacks_gsplat, render_cuda
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
    assert not lacks_gsplat("cpu")


def test_where_gsplat_could_draw_the_extra_is_named(tmp_path, monkeypatch, capsys):
    """On a card without gsplat the job goes on, and its log says what to install."""
    monkeypatch.setattr("era3d.splats.cuda.find_spec", lambda name: None)
    assert lacks_gsplat("cuda")
    assert not has_gsplat("cuda")
    assert "pip install 'era3d[gsplat]'" in NO_GSPLAT
    monkeypatch.setattr("era3d.devices.for_geometry", lambda name: "cuda")
    monkeypatch.setattr("era3d.splats.posed.read_posed", lambda *_: None)
    monkeypatch.setattr("era3d.splats.posed.fit_posed", lambda *_: random_cloud(3))
    orders = ["--images", tmp_path, "--cameras", tmp_path, "--out", tmp_path / "out.ply"]
    assert main(["splats", "fit", *map(str, orders)]) == 0
    assert NO_GSPLAT in capsys.readouterr().err


def test_a_device_that_is_not_there_is_named(tmp_path, capsys):
    orders = ["--images", tmp_path, "--cameras", tmp_path, "--out", tmp_path / "out.ply"]
    assert main(["splats", "fit", *map(str, orders), "--device", "abacus"]) == 2
    assert "abacus" in capsys.readouterr().err
