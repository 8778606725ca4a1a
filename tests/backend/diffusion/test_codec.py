# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patch transform."""

import pytest
import torch

from era3d.diffusion.codec import PatchCodec
from tests.backend.diffusion.golden import difference


@pytest.mark.parametrize("patch", [4, 8])
def test_patches_come_back_exactly(patch):
    torch.manual_seed(0)
    images = torch.randint(0, 256, (3, 3, 16, 24)).float() / 255
    codec = PatchCodec(patch, scale=0.7)
    latents = codec.encode(images)
    assert latents.shape == (3, 3 * patch**2, 16 // patch, 24 // patch)
    again = codec.decode(latents)
    assert difference(again, images) < 1e-6
    assert torch.equal((again * 255).round(), (images * 255).round())


def test_the_patch_transform_keeps_distances():
    """So the error of latents is the error of pixels."""
    filters = PatchCodec(8).filters.flatten(1).double()
    assert difference(filters @ filters.T, torch.eye(192).double()) < 1e-6
    images = torch.rand(2, 3, 16, 16)
    latents = PatchCodec(8).encode(images)
    assert latents.square().mean().item() == pytest.approx((2 * images - 1).square().mean().item())


def test_a_flat_patch_has_one_coefficient_per_colour():
    latents = PatchCodec(4).encode(
        torch.tensor([1.0, 0.5, 0.0])[None, :, None, None].expand(1, 3, 4, 4)
    )
    flat = latents.flatten()
    assert flat[[0, 16, 32]].tolist() == pytest.approx([4.0, 0.0, -4.0], abs=1e-6)
    assert flat.abs().sum().item() == pytest.approx(8.0, abs=1e-5)


def test_frequencies_are_vertical_first():
    rows = torch.linspace(0, 1, 4)[:, None].expand(4, 4)
    latents = PatchCodec(4).encode(rows.expand(1, 3, 4, 4)).reshape(3, 4, 4)
    assert latents[0, 1, 0].abs() > 1
    assert latents[0, 0, 1:].abs().max() < 1e-6


def test_the_condition_says_where_a_patch_is():
    codec = PatchCodec(8)
    condition = codec.condition(torch.rand(2, 3, 32, 16))
    assert condition.shape == (2, codec.condition_channels, 4, 2)
    x, y = condition[1, codec.channels], condition[1, codec.channels + 1]
    assert x[0].tolist() == [-0.5, 0.5]
    assert y[:, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    nothing = codec.no_condition(condition)
    assert nothing[:, : codec.channels].abs().max() == 0
    assert torch.equal(nothing[:, codec.channels :], condition[:, codec.channels :])
