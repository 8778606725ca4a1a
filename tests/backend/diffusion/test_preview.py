# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of what is not finished yet."""

import numpy as np
import torch
from diffusers import AutoencoderKL

from era3d.diffusion.codec import KLCodec, PatchCodec
from era3d.diffusion.preview import CELL, contact_sheet


def test_each_image_has_its_place():
    """Colours above, normals below, views in their order."""
    codec = PatchCodec(8)
    images = torch.linspace(0, 1, 12)[:, None, None, None].expand(12, 3, 32, 32)
    sheet = np.asarray(contact_sheet(codec, codec.encode(images)))
    assert sheet.shape == (2 * CELL, 6 * CELL, 3)
    middles = sheet[CELL // 2 :: CELL, CELL // 2 :: CELL, 0].astype(int)
    wanted = np.round(np.linspace(0, 255, 12)).reshape(2, 6)[::-1]
    assert np.abs(middles - wanted).max() <= 1


def test_latents_of_stable_diffusion_are_drawn_without_decoding():
    """Measured facts: the first latent channel is brightness, the others are colour."""
    codec = KLCodec(AutoencoderKL(latent_channels=4, norm_num_groups=1, block_out_channels=(1,)))
    latents = torch.zeros(12, 4, 16, 16)
    latents[0, 0], latents[1, 0], latents[2, 3] = 3.0, -3.0, 3.0
    bright, dark, yellow, nothing = codec.preview(latents)[:4, :, 0, 0]
    assert (bright > 0.7).all()
    assert (dark < 0.3).all()
    assert yellow.argmin() == 2, "the fourth channel takes blue away"
    assert torch.allclose(nothing, torch.full((3,), 0.5))
    assert contact_sheet(codec, latents).size == (6 * CELL, 2 * CELL)
