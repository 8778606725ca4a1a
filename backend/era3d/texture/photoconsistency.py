# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertices moved a little, to where the views show the same colours.

Where the mesh is half a pixel off, two views put the same detail in two places, and seen from
between them both are wrong. Bending the views until they meet would sharpen the texture, but leave
it in the wrong place; so the mesh moves instead, along its normals, by Gauss-Newton steps from
blurred pictures to sharp ones. Where colours tell nothing, it stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import diags_array
from scipy.sparse.linalg import splu

from era3d.cameras import VIEWS, world_to_image
from era3d.mesh import TriangleMesh
from era3d.mesh.intersections import move_without_cuts
from era3d.raster import rasterize
from era3d.texture.graph import edges_of, laplacian
from era3d.texture.normals import face_normals, unit
from era3d.texture.sampling import sample
from era3d.texture.sources import Sighting, Source, Surface

# Standard deviations of the blur, from step to step, in pixels of the pictures compared.
_BLURS = (3.0, 1.5, 1.0)
# Distances are in pixels of 512. Weights of neighbours that move alike and of staying, against
# the squared gradient of colours, 0..1, in pixels.
_SIZE = 512
_STIFFNESS, _STAYING = 0.015, 0.005
_FARTHEST = 3.0
# Views whose colours, 0..1, differ by more show different things there.
_DOUBTED = 0.2
# Views whose directions have a smaller scalar product than this see hardly anything in common.
_LEAST_COMMON = -0.1


def move_to_agreement(
    mesh: TriangleMesh,
    normals: NDArray[np.float32],
    sources: Sequence[Source],
    gains: NDArray[np.float32],
) -> TriangleMesh:
    """Move vertices along their normals so that views agree on the colours of the surface.

    Parameters
    ----------
    mesh : TriangleMesh
    normals : (n, 3) float32
        Smooth unit normals of the vertices.
    sources : sequence of Source
    gains : (6, 3) float32
        See `era3d.texture.exposure`.
    """
    pairs = [pair for source in sources for pair in _pairs(mesh, normals, source, sources)]
    count = len(mesh.vertices)
    ends = edges_of(mesh.faces)
    stiffness = _STIFFNESS * laplacian(ends, np.ones(len(ends)), count)
    offset = np.zeros(count)
    for blur in _BLURS:
        pictures = {
            source.index: _Picture.blurred(source, gains[source.index], blur) for source in sources
        }
        hessian, slope = np.full(count, _STAYING), _STAYING * offset + stiffness @ offset
        for pair in pairs:
            pair.add_to(hessian, slope, pictures, offset)
        step = splu((diags_array(hessian) + stiffness).tocsc()).solve(-slope)
        offset = (offset + step).clip(-_FARTHEST, _FARTHEST)
    moved = mesh.vertices + (offset[:, None] / _SIZE) * normals
    return move_without_cuts(mesh, moved.astype(np.float32))


@dataclass(frozen=True)
class _Picture:
    """Colours of a view, of at most 512 pixels, and how they change per pixel.

    All are (S, S, 3) float32.
    """

    color: NDArray[np.float32]
    across: NDArray[np.float32]
    down: NDArray[np.float32]

    @classmethod
    def blurred(cls, source: Source, gain: NDArray[np.float32], blur: float) -> "_Picture":
        size = _picture_size(source)
        color = cv2.resize(source.color, (size, size), interpolation=cv2.INTER_AREA)
        color = cv2.GaussianBlur(color * (gain / np.float32(255)), (0, 0), blur)
        across, down = (
            cv2.Sobel(color, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1))
        )
        return cls(*(np.asarray(part, np.float32) for part in (color, across, down)))


@dataclass(frozen=True)
class _Sight:
    """Where one view sees N points, and how that changes as they move along their normals.

    Attributes
    ----------
    index : int
        Which of `era3d.cameras.VIEWS`.
    column, row : (N,) float32
        In pixels of the picture; 0 is the centre of the first one.
    across, down : (N,) float32
        Pixels of the picture per pixel of 512 along the normal.
    weight : (N,) float32
        As of `Sighting`, times the pixels of 512 that make one of the picture.
    """

    index: int
    column: NDArray[np.float32]
    row: NDArray[np.float32]
    across: NDArray[np.float32]
    down: NDArray[np.float32]
    weight: NDArray[np.float32]

    @classmethod
    def of(
        cls, source: Source, sighting: Sighting, surface: Surface, chosen: NDArray[np.bool_]
    ) -> "_Sight":
        """Those of the sighted points that are chosen (N of all points)."""
        kept = chosen[sighting.seen]
        size = np.float32(_picture_size(source))
        normal = surface.normals[sighting.seen[kept]] * (size / _SIZE)
        scale = size / len(source.color)
        return cls(
            source.index,
            (sighting.column[kept] + 0.5) * scale - 0.5,
            (sighting.row[kept] + 0.5) * scale - 0.5,
            normal @ source.axes[0],
            -normal @ source.axes[1],
            sighting.weight[kept] * (_SIZE / size) ** 2,
        )

    def look(
        self, picture: _Picture, offset: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Colours (N, 3) of points moved so far along their normals, and their slope (N, 3)."""
        column, row = self.column + self.across * offset, self.row + self.down * offset
        color, across, down = (
            sample(image, column, row) for image in (picture.color, picture.across, picture.down)
        )
        return color, across * self.across[:, None] + down * self.down[:, None]


@dataclass(frozen=True)
class _Pair:
    """Points that two views see.

    Attributes
    ----------
    corners : (N, 3) int32
        Vertices of the face that each point lies in.
    share : (N, 3) float32
        Weights of the corners that make the point.
    one, other : _Sight
    """

    corners: NDArray[np.int32]
    share: NDArray[np.float32]
    one: _Sight
    other: _Sight

    def add_to(
        self,
        hessian: NDArray[np.float64],
        slope: NDArray[np.float64],
        pictures: dict[int, _Picture],
        offset: NDArray[np.float64],
    ) -> None:
        """Add the differences of colour, shared out to the corners, to the normal equations."""
        there = (self.share * offset[self.corners]).sum(1).astype(np.float32)
        one, one_slope = self.one.look(pictures[self.one.index], there)
        other, other_slope = self.other.look(pictures[self.other.index], there)
        off, change = one - other, one_slope - other_slope
        doubt = (off**2).sum(1) / _DOUBTED**2
        weight = np.sqrt(self.one.weight * self.other.weight) / (1 + doubt) ** 2
        at = self.corners.reshape(-1)
        for total, value in ((hessian, change**2), (slope, change * off)):
            shared = self.share * (weight * value.sum(1))[:, None]
            total += np.bincount(at, shared.reshape(-1), len(total))


def _pairs(
    mesh: TriangleMesh, normals: NDArray[np.float32], source: Source, sources: Sequence[Source]
) -> list[_Pair]:
    """A view with each that looks from not too far off: what it shows, pixel by pixel."""
    size = _picture_size(source)
    pixel, depth = world_to_image(mesh.vertices, VIEWS[source.index], size)
    triangles = np.concatenate([pixel, depth[:, None]], 1).astype(np.float32)[mesh.faces]
    drawn = rasterize(torch.from_numpy(triangles), size, size)
    shown = drawn.face >= 0
    face, share = drawn.face[shown].numpy(), drawn.barycentric[shown].numpy()
    corners = mesh.faces[face]
    values = np.concatenate([mesh.vertices, normals], 1)[corners]
    at = np.einsum("nk,nkc->nc", share, values).astype(np.float32)
    flat = face_normals(mesh.vertices, mesh.faces)[face]
    surface = Surface(at[:, :3], unit(at[:, 3:]), flat)
    own = source.look_up(surface)
    pairs = []
    for other in sources:
        if other is source or other.axes[2] @ source.axes[2] < _LEAST_COMMON:
            continue
        sighting = other.look_up(surface)
        both = _among(own.seen, len(at)) & _among(sighting.seen, len(at))
        one, two = (
            _Sight.of(view, seen, surface, both)
            for view, seen in ((source, own), (other, sighting))
        )
        pairs.append(_Pair(corners[both], share[both], one, two))
    return pairs


def _picture_size(source: Source) -> int:
    return min(len(source.color), _SIZE)


def _among(chosen: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Whether each of ``count`` is chosen."""
    member = np.zeros(count, bool)
    member[chosen] = True
    return member
