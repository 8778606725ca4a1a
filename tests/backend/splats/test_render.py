# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of Gaussians, against a loop over pixels and Gaussians, and their gradients."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from era3d.lens import lens_of_view
from era3d.splats.project import project
from era3d.splats.render import Parameters, plan_of, render
from tests.backend.splats.clouds import LENSES, random_cloud

KINDS = pytest.mark.parametrize("kind", LENSES)


def _tensors(cloud, dtype=torch.float64):
    parts = cloud.means, cloud.rotations, cloud.log_scales, cloud.logits
    return Parameters(*(torch.tensor(part, dtype=dtype) for part in parts))


def _drawn_plainly(cloud, features, lens):
    """The picture by definition: every Gaussian at every pixel, sorted by depth."""
    turn = Rotation.from_quat(np.roll(cloud.rotations, -1, axis=1)).as_matrix()
    axes = turn * np.exp(cloud.log_scales.astype(float))[:, None]
    linear = lens.world_to_camera[:3, :3]
    picture = np.zeros((lens.height, lens.width, features.shape[1] + 1))
    light, over = np.ones((lens.height, lens.width)), np.zeros((lens.height, lens.width), bool)
    rows, columns = np.mgrid[: lens.height, : lens.width] + 0.5
    centres, depths = lens.project(cloud.means.astype(float))
    for k in np.argsort(depths, kind="stable"):
        x, y, z = lens.to_camera(cloud.means[k].astype(float))
        scale = 1.0 if lens.orthographic else z
        slant = (0.0, 0.0) if lens.orthographic else (-x / z, -y / z)
        jacobian = np.array([[lens.fx, 0, lens.fx * slant[0]], [0, lens.fy, lens.fy * slant[1]]])
        spread = jacobian / scale @ linear @ axes[k]
        inverse = np.linalg.inv(spread @ spread.T + 0.3 * np.eye(2))
        offset = np.stack([columns - centres[k, 0], rows - centres[k, 1]], -1)
        power = 0.5 * np.einsum("hwi,ij,hwj->hw", offset, inverse, offset)
        alpha = np.minimum(0.999, np.exp(-power) / (1 + np.exp(-float(cloud.logits[k]))))
        alpha[alpha < 1 / 255] = 0.0
        over |= light * (1 - alpha) <= 1e-4  # a pixel ends before what would make it opaque
        alpha[over] = 0.0
        picture += (light * alpha)[..., None] * np.append(features[k], 1.0)
        light *= 1 - alpha
    return picture[..., :-1], picture[..., -1]


@KINDS
def test_a_picture_is_what_the_definition_says(kind):
    lens, cloud = LENSES[kind], random_cloud(40, seed=1)
    features = np.random.default_rng(0).random((40, 3))
    wanted, wanted_alpha = _drawn_plainly(cloud, features, lens)
    picture, alpha = render(_tensors(cloud), torch.tensor(features), lens)
    assert wanted_alpha.max() > 0.9
    np.testing.assert_allclose(picture.numpy(), wanted, atol=2e-4)
    np.testing.assert_allclose(alpha.numpy(), wanted_alpha, atol=2e-4)


@KINDS
def test_gradients_are_those_of_the_picture(kind):
    cloud = random_cloud(5, seed=2, smallest=0.05)
    start = _tensors(cloud)
    lens = LENSES[kind].resized(8, 8)
    plan = plan_of(start, lens, slack=4.0)
    parts = [start.means, start.quaternions, start.log_scales, start.logits]
    parts = [part.requires_grad_() for part in [*parts, torch.rand(5, 2, dtype=torch.float64)]]

    def picture(*parts):
        drawn = render(Parameters(*parts[:4]), parts[4], lens, plan)
        return torch.cat([part.flatten() for part in drawn])

    assert torch.autograd.gradcheck(picture, parts, eps=1e-6, atol=1e-4)


def test_a_plan_with_slack_changes_little():
    cloud, lens = _tensors(random_cloud(300, seed=3)), LENSES["ortho"]
    features = torch.rand(300, 3, dtype=torch.float64)
    exact, _ = render(cloud, features, lens)
    planned, _ = render(cloud, features, lens, plan_of(cloud, lens, slack=4.0))
    assert len(plan_of(cloud, lens, 4.0).pixel) > len(plan_of(cloud, lens, 1.0).pixel)
    assert (exact - planned).abs().max() < 0.03


def test_nearer_gaussians_hide_those_behind():
    cloud = random_cloud(2)
    means = torch.tensor([[0.0, 0.2, 0.0], [0.0, -0.2, 0.0]])
    same = _tensors(cloud, torch.float32)
    ball = Parameters(means, same.quaternions, torch.full((2, 3), -2.0), torch.full((2,), 9.0))
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    for view, nearer in (("front", 1), ("back", 0)):
        picture, _ = render(ball, features, lens_of_view(view, 9))
        assert picture[4, 4, nearer] > 0.99
        assert picture[4, 4, 1 - nearer] < 0.01


def test_nothing_in_sight_is_an_empty_picture():
    cloud = _tensors(random_cloud(3))
    cloud.means += 5.0
    for lens in LENSES.values():
        picture, alpha = render(cloud, torch.ones(3, 3, dtype=torch.float64), lens)
        assert not picture.any()
        assert not alpha.any()


@pytest.fixture(scope="module")
def gsplats():
    """What gsplat 1.5.3's own plain torch makes of a cloud; `gsplat_numbers` writes it."""
    with np.load(Path(__file__).with_name("gsplat.npz")) as numbers:
        return dict(numbers)


@KINDS
def test_the_projection_is_gsplats(gsplats, kind):
    cloud = _tensors(random_cloud(200, seed=1))
    flat = project(cloud.means, cloud.quaternions, cloud.log_scales, LENSES[kind])
    np.testing.assert_allclose(flat.centre, gsplats[f"{kind}_centre"], atol=1e-5)
    np.testing.assert_allclose(flat.depth, gsplats[f"{kind}_depth"], atol=1e-5)
    np.testing.assert_allclose(flat.conic(), gsplats[f"{kind}_conic"], atol=1e-5)


@KINDS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_picture_is_gsplats(gsplats, kind, dtype):
    cloud = random_cloud(200, seed=1)
    colors = torch.tensor(cloud.colors(), dtype=dtype)
    picture, alpha = render(_tensors(cloud, dtype), colors, LENSES[kind])
    wanted = gsplats[f"{kind}_alpha"]
    assert (wanted > 0.99).mean() > 0.1  # dense: what lies in front of what matters
    np.testing.assert_allclose(alpha, wanted, atol=1e-4)
    np.testing.assert_allclose(picture, gsplats[f"{kind}_picture"], atol=1e-4)
