# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One small picture of all twelve images while they come into being."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from era3d.diffusion.codec import Codec

CELL = 128


@torch.inference_mode()
def contact_sheet(codec: Codec, latents: Tensor) -> Image.Image:
    """Draw latents ``(12, channels, h, w)``, normals first, roughly.

    Returns
    -------
    PIL.Image.Image
        Six columns in the order of `era3d.cameras.VIEWS`; colours above, normal maps below. A cell
        is `CELL` pixels square.
    """
    pictures = F.interpolate(codec.preview(latents.float()), size=(CELL, CELL), mode="bilinear")
    normals, colors = pictures.chunk(2)
    rows = torch.stack([colors, normals]).permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)
    return Image.fromarray((rows * 255).round().byte().cpu().numpy())
