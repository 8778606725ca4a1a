# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what gsplat's own plain torch makes of the clouds of the tests, to ``gsplat.npz``.

gsplat's kernels need CUDA, its plain torch (``gsplat.cuda._torch_impl``), which its own tests hold
the kernels to, does not. ``make test-peers`` installs it; then

    PYTHONPATH=.venv-peers:. .venv/bin/python -m tests.backend.splats.gsplat_numbers

Projection, tiles, order, opacities at pixels and compositing are gsplat's and nerfacc's. Two steps
stand here, because there they are kernels only: which pairs of pixel and Gaussian are drawn (gsplat
leaves out what is fainter than 1/255, and stops before a pixel's transmittance reaches 1e-4), and
how runs of pairs of unequal length become the rows that nerfacc's plain torch takes.
"""

import itertools
from pathlib import Path
from unittest.mock import patch

import nerfacc
import numpy as np
import torch
from gsplat.cuda import _torch_impl as plain
from gsplat.cuda import _wrapper as wrapper
from torch import Tensor

from era3d.lens import Lens
from tests.backend.splats.clouds import LENSES, random_cloud

FILE = Path(__file__).with_name("gsplat.npz")
COUNT, TILE = 200, 16
_PLAIN_WEIGHTS = nerfacc.render_weight_from_alpha
BLUR, FAINTEST, DARKEST, OPAQUE = 0.3, 1 / 255, 1e-4, 0.999


def main() -> None:
    """Write the numbers of both kinds of camera."""
    found = {}
    for model, lens in LENSES.items():
        for name, values in numbers(lens, model).items():
            found[f"{model}_{name}"] = values.numpy()
    np.savez_compressed(FILE, **found)


def numbers(lens: Lens, model: str) -> dict[str, Tensor]:
    """Projection and picture of the cloud."""
    cloud = random_cloud(COUNT, seed=1)
    means, quaternions = _double(cloud.means), _double(cloud.rotations)
    scales, opacity = _double(cloud.log_scales).exp(), _double(cloud.logits).sigmoid()
    matrix = _double(lens.world_to_camera)[None]
    inner = _double([[[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1]]])
    size, tiles = (lens.width, lens.height), (-(-lens.width // TILE), -(-lens.height // TILE))
    normal = torch.nn.functional.normalize(quaternions, dim=1)
    covariance, _ = plain._quat_scale_to_covar_preci(normal, scales, True, False)
    radii, centre, depth, conic, _ = plain._fully_fused_projection(
        means, covariance, matrix, inner, *size, BLUR, camera_model=model
    )
    _, ids, order = plain._isect_tiles(centre, radii, depth, TILE, *tiles)
    offsets = plain._isect_offset_encode(ids, 1, *tiles)
    colors = _double(cloud.colors())
    with (
        patch.object(wrapper, "rasterize_to_indices_in_range", _pairs),
        patch.object(nerfacc, "render_weight_from_alpha", _weights),
    ):
        picture, alpha = plain._rasterize_to_pixels(
            centre, conic, colors[None], opacity[None], *size, TILE, offsets, order
        )
    parts = {"centre": centre, "depth": depth, "conic": conic}
    parts |= {"picture": picture, "alpha": alpha[..., 0]}
    return {name: values[0].float() for name, values in parts.items()}


def _double(values: object) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float64)


def _pairs(
    start: int,
    end: int,
    _light: Tensor,
    centre: Tensor,
    conic: Tensor,
    opacity: Tensor,
    width: int,
    height: int,
    tile: int,
    offsets: Tensor,
    order: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gaussian, pixel and picture of every pair that is drawn, pixel by pixel from the front."""
    assert start == 0, "all Gaussians of a tile come at once"
    ends = torch.cat([offsets.flatten()[1:], torch.tensor([len(order)])])
    assert (ends - offsets.flatten()).max() <= end * tile * tile
    gaussians, pixels = [], []
    for row, column in itertools.product(range(height), range(width)):
        at = row // tile * offsets.shape[-1] + column // tile
        near = order[offsets.flatten()[at] : ends[at]].long()
        x, y = (torch.tensor([column, row]) + 0.5 - centre[0, near]).unbind(1)
        xx, xy, yy = conic[0, near].unbind(1)
        sigma = 0.5 * (xx * x * x + yy * y * y) + xy * x * y
        alpha = (opacity[0, near] * torch.exp(-sigma)).clamp(max=OPAQUE)
        near, alpha = near[alpha >= FAINTEST], alpha[alpha >= FAINTEST]
        near = near[(1 - alpha).cumprod(0) > DARKEST]
        gaussians.append(near)
        pixels.append(torch.full_like(near, row * width + column))
    pixel = torch.cat(pixels)
    return torch.cat(gaussians), pixel, torch.zeros_like(pixel)


def _weights(alpha: Tensor, ray_indices: Tensor, n_rays: int) -> tuple[Tensor, Tensor]:
    """nerfacc's weights and transmittance (m,) of runs of pairs, which lie one after the other."""
    counts = torch.bincount(ray_indices, minlength=n_rays)
    there = torch.arange(int(counts.max())) < counts[:, None]
    filled = torch.zeros(there.shape, dtype=alpha.dtype).masked_scatter(there, alpha)
    weights, light = _PLAIN_WEIGHTS(filled)
    return weights[there], light[there]


if __name__ == "__main__":
    main()
