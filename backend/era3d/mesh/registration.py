# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that do not fit each other are shifted, scaled and bent until they fit one shape.

Generated views are off by a pixel or three, each in its own way. A coarse shape made from all of
them is their compromise; each view is warped so that its outline and its normals lie where that
shape shows them. The warp is a uniform cubic B-spline (Rueckert et al., "Nonrigid registration
using free-form deformations", 1999), found by a few Gauss-Newton steps with robust weights.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from era3d.mesh.observations import Observations
from era3d.mesh.selfcheck import render
from era3d.mesh.silhouette import signed_distance
from era3d.mesh.triangle_mesh import TriangleMesh

_NODES = 11
_SIZE = 128
_STEPS = 4
# Lengths below are in pixels of an image of this many, at which these faults are commonly told.
_PIXELS = 512
_NORMALS, _BENDING, _STAYING = 30.0, 3.0, 0.01
_BLUR = 2.0
_DOUBTED_NORMAL, _DOUBTED_OUTLINE = 0.3, 8.0
_INTERIOR, _RIM = 6.0, 3.0


@dataclass(frozen=True)
class Warp:
    """Where each view must be looked up so that all fit.

    Attributes
    ----------
    nodes : (V, 2, K, K) float32
        Displacements right and down at the spline's nodes, in pixels of 512.
    """

    nodes: Tensor

    @classmethod
    def identity(cls, obs: Observations) -> "Warp":
        """Every view where it is."""
        return cls(torch.zeros(len(obs.axes), 2, _NODES, _NODES, device=obs.axes.device))

    def displacement(self, size: int) -> Tensor:
        """Displacements (V, 2, size, size) right and down of each pixel, in shares of the image."""
        basis = _basis(size, self.nodes.device)
        return torch.einsum("rk,vckl,sl->vcrs", basis, self.nodes, basis) / _PIXELS

    def apply(self, obs: Observations) -> Observations:
        """The same observations, looked up where the warp says."""
        moved = self.displacement(obs.normal.shape[-1])
        return replace(
            obs,
            normal=_warped(obs.normal, moved),
            distance=_warped(obs.distance.unsqueeze(1), moved)[:, 0],
        )


def register(mesh: TriangleMesh, obs: Observations, start: Warp) -> Warp:
    """Warp views so that they fit a mesh that was made from all of them.

    Parameters
    ----------
    mesh : TriangleMesh
        A coarse shape; what its normals and outlines cannot explain counts little.
    obs : Observations
        The views as they were given.
    start : Warp
        What was found before, or `Warp.identity`.
    """
    wanted = _targets(mesh, obs)
    size = (_SIZE, _SIZE)
    maps = _blurred(functional.interpolate(obs.normal, size, mode="area"))
    outline = functional.interpolate(obs.distance.unsqueeze(1), size, mode="area") * _PIXELS
    given = torch.cat([maps, outline], 1)
    basis = _basis(_SIZE, maps.device)
    nodes = start.nodes
    for _ in range(_STEPS):
        hessian, slope = _normal_equations(_warped(given, Warp(nodes).displacement(_SIZE)), wanted)
        nodes = nodes + torch.stack(
            [_step(*each, basis) for each in zip(hessian, slope, nodes, strict=True)]
        )
    return Warp(nodes)


def _targets(mesh: TriangleMesh, obs: Observations) -> Tensor:
    """What each view should show (V, 5, S, S): normal times cover, cover, outline's distance."""
    fine = 2 * _SIZE
    normal, covered, _ = render(mesh, obs, fine)
    maps = torch.cat([normal, covered.unsqueeze(1).float()], 1)
    outline = [torch.from_numpy(signed_distance(mask.float().cpu().numpy())) for mask in covered]
    distance = torch.stack(outline).to(maps).unsqueeze(1) * (_PIXELS / fine)
    return torch.cat(
        [_blurred(functional.avg_pool2d(maps, 2)), functional.avg_pool2d(distance, 2)], 1
    )


def _normal_equations(given: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Least squares of every pixel's displacement.

    Returns
    -------
    hessian : (V, 3, S, S)
        Its entries xx, xy and yy.
    slope : (V, 2, S, S)
    """
    shown, target = _unit(given), _unit(wanted)
    off = shown - target
    doubt = (off**2).sum(1, keepdim=True) / _DOUBTED_NORMAL**2
    inside = (given[:, 4:] < -_INTERIOR) & (wanted[:, 4:] < -_INTERIOR)
    weight = _NORMALS * inside / (1.0 + doubt) ** 2
    dx, dy = _gradient((shown + target) / 2.0)
    rim_off = given[:, 4:] - wanted[:, 4:]
    near = wanted[:, 4:].abs() < _RIM
    rim = near / (1.0 + (rim_off / _DOUBTED_OUTLINE) ** 2) ** 2
    rim_dx, rim_dy = _gradient(given[:, 4:])

    def total(normals: Tensor, outlines: Tensor) -> Tensor:
        return (weight * normals).sum(1) + (rim * outlines)[:, 0]

    hessian = torch.stack(
        [
            total(dx * dx, rim_dx * rim_dx),
            total(dx * dy, rim_dx * rim_dy),
            total(dy * dy, rim_dy * rim_dy),
        ],
        1,
    )
    slope = torch.stack([total(dx * off, rim_dx * rim_off), total(dy * off, rim_dy * rim_off)], 1)
    return hessian, slope


def _step(hessian: Tensor, slope: Tensor, nodes: Tensor, basis: Tensor) -> Tensor:
    """One view's change of nodes (2, K, K)."""
    count = _NODES * _NODES
    # A product of a row's and a column's weights belongs to each pair of nodes.
    pairs = (basis[:, :, None] * basis[:, None, :]).view(-1, count)
    xx, xy, yy = (
        (pairs.T @ each @ pairs).view((_NODES,) * 4).transpose(1, 2).reshape(count, count)
        for each in hessian
    )
    smooth = _stiffness(basis.device)
    matrix = torch.cat([torch.cat([xx + smooth, xy], 1), torch.cat([xy, yy + smooth], 1)])
    flat = nodes.reshape(2, count)
    pull = (basis.T @ slope @ basis).view(2, count)
    return torch.linalg.solve(matrix, (-pull - flat @ smooth).flatten()).view_as(nodes)


def _stiffness(device: torch.device) -> Tensor:
    """Penalty (K^2, K^2) on differences between neighbouring nodes, a slight one on their size."""
    identity = torch.eye(_NODES, device=device)
    steps = identity[1:] - identity[:-1]
    line = steps.T @ steps
    bent = torch.kron(line, identity) + torch.kron(identity, line)
    return _BENDING * bent + _STAYING * torch.eye(_NODES * _NODES, device=device)


def _basis(size: int, device: torch.device) -> Tensor:
    """Weights (size, K) of the nodes at each pixel's centre along one side of the image."""
    place = (torch.arange(size, device=device) + 0.5) / size * (_NODES - 3)
    first = place.floor()
    t = place - first
    cubes = torch.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (t**2 - t**3 + t) + 1, t**3], 1)
    basis = torch.zeros(size, _NODES, device=device)
    return basis.scatter_(1, first.long()[:, None] + torch.arange(4, device=device), cubes / 6.0)


def _unit(maps: Tensor) -> Tensor:
    """Normals (V, 3, S, S) of maps whose first four channels are normal times alpha, alpha."""
    return maps[:, :3] / maps[:, 3:4].clamp(min=1e-3)


def _gradient(images: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences right and down, per pixel of 512."""
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    step = 2.0 * _PIXELS / images.shape[-1]
    return (
        (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / step,
        (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / step,
    )


def _blurred(images: Tensor) -> Tensor:
    """Gauss filter, `_BLUR` pixels wide."""
    reach = int(3 * _BLUR)
    offset = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-(offset**2) / (2 * _BLUR**2))
    kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, 1, -1)
    channels = images.shape[1]
    along = functional.conv2d(images, kernel, padding=(0, reach), groups=channels)
    return functional.conv2d(along, kernel.mT, padding=(reach, 0), groups=channels)


def _warped(images: Tensor, displacement: Tensor) -> Tensor:
    """Look images (V, C, S, S) up at each pixel plus its displacement (V, 2, S, S)."""
    centre = (torch.arange(images.shape[-1], device=images.device) + 0.5) / images.shape[-1]
    x, y = centre[None, :] + displacement[:, 0], centre[:, None] + displacement[:, 1]
    where = 2.0 * torch.stack([x, y], -1) - 1.0
    return functional.grid_sample(
        images, where, mode="bilinear", padding_mode="border", align_corners=False
    )
