# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a painted mesh to splats: where they lie, what they look like, that they can be stopped."""

import dataclasses

import numpy as np
import pytest
import torch

from era3d.errors import Cancelled
from era3d.splats.cloud import SH_C0
from era3d.splats.fit import FitSettings, fit
from era3d.splats.place import place
from era3d.splats.project import rotation_matrices
from era3d.splats.reconstruct import splats_of
from era3d.splats.render import Parameters, render
from era3d.splats.surface import surface_points, triangle_areas
from era3d.splats.targets import targets_of_mesh, targets_of_views
from era3d.texture import TextureSettings, bake
from tests.backend.texture.scenes import sphere, views_of

RADIUS = 0.35
SIZE = 64


def _stripes(points):
    return np.where((points[:, 2:] * 12 % 1) < 0.5, [0.9, 0.2, 0.1], [0.1, 0.3, 0.8])


@pytest.fixture(scope="module")
def views():
    return views_of(sphere(cuts=4), _stripes, SIZE)


@pytest.fixture(scope="module")
def painted(views):
    return bake(sphere(cuts=4), views, TextureSettings(size=128))


@pytest.fixture(scope="module")
def start(painted):
    rng = np.random.default_rng(0)
    area = triangle_areas(painted).sum()
    return place(surface_points(painted, 8 * 1500, rng), area, 1500, rng)


def _psnr(gaussians, targets):
    parts = gaussians.means, gaussians.rotations, gaussians.log_scales, gaussians.logits
    colors = torch.tensor(0.5 + SH_C0 * gaussians.harmonics[:, 0])
    error = 0.0
    for target in targets:
        picture, _ = render(Parameters(*map(torch.tensor, parts)), colors, target.lens)
        error += float((picture - target.color).square().mean()) / len(targets)
    return -10 * np.log10(error)


def test_points_cover_a_surface_evenly(painted):
    points = surface_points(painted, 20_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(points.positions, axis=1), RADIUS, atol=0.003)
    np.testing.assert_allclose(points.positions / RADIUS, points.normals, atol=0.05)
    octant = (points.positions > 0) @ [1, 2, 4]
    np.testing.assert_allclose(np.bincount(octant), 2500, rtol=0.03)


def test_gaussians_lie_flat_on_the_surface(start):
    np.testing.assert_allclose(np.linalg.norm(start.means, axis=1), RADIUS, atol=0.01)
    normal = rotation_matrices(torch.tensor(start.rotations))[..., 2].numpy()
    assert np.einsum("nc,nc->n", normal, start.means / RADIUS).min() > 0.95
    assert (start.log_scales[:, 2] < start.log_scales[:, :2].min(axis=1) - 1).all()


def test_detail_draws_more_gaussians(painted):
    rng = np.random.default_rng(0)
    points = surface_points(painted, 16_000, rng)
    half = points.positions[:, 2] > 0
    colors = np.where(half[:, None], points.colors, 0.5).astype(np.float32)
    cloud = place(points._replace(colors=colors), 1.54, 2000, rng)
    above = (cloud.means[:, 2] > 0.02).sum()
    assert above > 1.3 * (cloud.means[:, 2] < -0.02).sum()


def test_fitting_sharpens_what_is_seen(start, views):
    targets = targets_of_views(views)
    fitted = fit(start, targets, FitSettings(steps=60))
    assert _psnr(fitted, targets) > _psnr(start, targets) + 3


def test_drawings_of_the_mesh_show_it_from_all_round(painted):
    targets = targets_of_mesh(painted, SIZE, 12, weight=0.5)
    backs = np.array([each.lens.world_to_camera[2, :3] for each in targets])
    apart = np.degrees(np.arccos((backs @ backs.T - 2 * np.eye(12)).clip(-1, 1)))
    assert apart.min(axis=1).max() < 60  # twelve points of a sphere: none has far to the next
    assert np.linalg.norm(backs.mean(axis=0)) < 0.1
    for target in targets:
        center = -target.lens.world_to_camera[2, :3] * RADIUS
        wanted = _stripes(center[None])[0]
        color = target.color[SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 1 : SIZE // 2 + 1]
        if abs(center[2] * 24 % 1 - 0.5) < 0.3:  # well inside a stripe
            np.testing.assert_allclose(color.mean(dim=(0, 1)), wanted, atol=0.1)
        assert float(target.alpha.sum()) == pytest.approx(np.pi * (RADIUS * SIZE) ** 2, rel=0.03)
        assert target.weight == target.resized(0.5).weight == 0.5


def test_drawings_of_the_mesh_help_between_the_views(painted, views, start):
    between = targets_of_mesh(painted, SIZE, 7, weight=1.0)
    targets = targets_of_views(views)
    alone = fit(start, targets, FitSettings(steps=66))
    held = fit(start, targets + targets_of_mesh(painted, SIZE, 16, 0.5), FitSettings(steps=66))
    assert _psnr(held, between) > _psnr(alone, between) + 0.5


def test_what_no_picture_shows_stays(start, views):
    front = targets_of_views(views)[:1]
    fitted = fit(start, front, FitSettings(steps=20))
    hidden = start.means[:, 1] > 0.25
    seen = start.means[:, 1] < -0.15
    for name in ("means", "harmonics"):
        change = np.abs(getattr(fitted, name) - getattr(start, name)).reshape(len(start), -1)
        assert np.median(change[hidden].max(axis=1)) < 0.1 * np.median(change[seen].max(axis=1))


def test_the_same_seed_gives_the_same_splats(painted, views, monkeypatch):
    monkeypatch.setattr("era3d.splats.reconstruct._STEPS", 7)
    first, second, other = (splats_of(painted, views, seed, count=200) for seed in (1, 1, 2))
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))
    assert not np.array_equal(first.means, other.means)


def test_fitting_can_be_stopped(start, views):
    def stop(step, of):
        assert of == 300
        if step == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit(start, targets_of_views(views), progress=stop)
