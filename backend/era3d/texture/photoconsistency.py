# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertices moved a little, to where the views show the same colours.

Where the surface is half a pixel off, two views put the same detail in two places, and seen from
between them both are wrong. Bending the views until they meet would sharpen the texture, but leave
it in the wrong place; so the surface moves instead, along its normals, by Gauss-Newton steps from
blurred pictures to sharp ones. Where colours tell nothing, and where an outline tells better, it
stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import cg

from era3d.mesh import TriangleMesh
from era3d.mesh.intersections import move_without_cuts
from era3d.texture.graph import edges_of, laplacian
from era3d.texture.normals import face_normals, unit
from era3d.texture.sampling import sample
from era3d.texture.sources import Source, Surface

# Distances are in pixels of pictures so wide; those that are compared are no wider.
_SIZE = 512
# Standard deviations of the blur, from step to step.
_BLURS = (3.0, 2.0, 1.0)
# How far to both sides colours are looked up for their slope.
_REACH = 0.5
# Weights of moving like the neighbours, of staying, and of staying where that makes an outline,
# against the squared slope of colours, 0..1, over a square pixel.
_ALIKE, _STAYING, _OUTLINE = 0.003, 0.001, 1.0
_FARTHEST, _OUTLINE_WIDTH = 3.0, 1.5
# Where views are so far off their mean, 0..1, as a whole neighbourhood, so many edges wide, they
# show different things: one of them was painted on.
_DOUBTED, _NEIGHBOURHOOD = 0.04, 6
# Where on each face colours are compared: weights (3, 3) of its corners.
_PLACES = (np.eye(3, dtype=np.float32) + np.float32(1 / 3)) / 2
_PRECISION = 1e-3


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

    Returns
    -------
    TriangleMesh
        The same faces; no new cuts.
    """
    places = _Places.on(mesh, normals)
    sights = [_Sight.of(source, places.surface) for source in sources]
    pictures = [_picture(source, gains[source.index]) for source in sources]
    alike = _ALIKE * places.laplacian
    staying = _STAYING + _OUTLINE * _making_outlines(mesh, normals, sources)
    offset = np.zeros(len(normals))
    for blur in _BLURS:
        there = places.among(offset)
        looks = [
            sight.look(_blurred(picture, blur), there)
            for picture, sight in zip(pictures, sights, strict=True)
        ]
        bend, slope = map(places.to_corners, _disagreement(sights, looks, places))
        system = csr_array(diags_array(bend + staying) + alike)
        downhill = -(slope + staying * offset + alike @ offset)
        step, _ = cg(system, downhill, rtol=_PRECISION, M=diags_array(1 / system.diagonal()))
        offset = (offset + step).clip(-_FARTHEST, _FARTHEST)
    moved = mesh.vertices + (offset[:, None] / _SIZE) * normals
    return move_without_cuts(mesh, moved.astype(np.float32))


@dataclass(frozen=True)
class _Places:
    """N places on a mesh at which colours are compared.

    Attributes
    ----------
    corners : (N, 3) int32
        Vertices of the face that each lies in.
    share : (N, 3) float32
        Weights of the corners that make the place.
    area : (N,) float32
        Of the surface around it, square pixels.
    surface : Surface
    laplacian : (n, n)
        Of the mesh's vertices and edges.
    """

    corners: NDArray[np.int32]
    share: NDArray[np.float32]
    area: NDArray[np.float32]
    surface: Surface
    laplacian: csr_array

    @classmethod
    def on(cls, mesh: TriangleMesh, normals: NDArray[np.float32]) -> "_Places":
        each = len(_PLACES)
        a, b, c = mesh.vertices[mesh.faces].swapaxes(0, 1)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2 * (_SIZE**2 / each)
        points, smooth = (
            np.einsum("pk,fkc->fpc", _PLACES, values[mesh.faces]).reshape(-1, 3)
            for values in (mesh.vertices, normals)
        )
        flat, ends = face_normals(mesh.vertices, mesh.faces), edges_of(mesh.faces)
        return cls(
            np.repeat(mesh.faces, each, axis=0),
            np.tile(_PLACES, (len(mesh.faces), 1)),
            np.repeat(area, each),
            Surface(points, unit(smooth), np.repeat(flat, each, axis=0)),
            laplacian(ends, np.ones(len(ends)), len(normals)),
        )

    def among(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Values (N,) between those of the vertices (n,)."""
        return (self.share * values[self.corners]).sum(1).astype(np.float32)

    def to_corners(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values (N,), each times its area, shared out to the vertices (n,)."""
        shared = self.share * (self.area * values)[:, None]
        count = self.laplacian.shape[0]
        return np.bincount(self.corners.ravel(), shared.ravel(), count).astype(np.float64)

    def around(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values (N,) summed over a neighbourhood of each place."""
        total = self.to_corners(values)
        share = 1 / (1 + self.laplacian.diagonal())
        for _ in range(_NEIGHBOURHOOD):
            total -= share * (self.laplacian @ total)
        return self.among(total)


@dataclass(frozen=True)
class _Sight:
    """Where one view sees M of N places, and how that changes as they move along their normals.

    Attributes
    ----------
    seen : (M,) int64
        Which ones.
    column, row : (M,) float32
        In pixels of the picture compared; 0 is the centre of the first one.
    across, down : (M,) float32
        Pixels of the picture per pixel of `_SIZE` along the normal.
    weight : (M,) float32
        As of `era3d.texture.sources.Sighting`.
    """

    seen: NDArray[np.int64]
    column: NDArray[np.float32]
    row: NDArray[np.float32]
    across: NDArray[np.float32]
    down: NDArray[np.float32]
    weight: NDArray[np.float32]

    @classmethod
    def of(cls, source: Source, surface: Surface) -> "_Sight":
        sighting = source.look_up(surface)
        size = np.float32(_compared_size(source))
        scale = size / np.float32(len(source.color))
        normal = surface.normals[sighting.seen] * (size / _SIZE)
        return cls(
            sighting.seen,
            (sighting.column + 0.5) * scale - 0.5,
            (sighting.row + 0.5) * scale - 0.5,
            normal @ source.axes[0],
            -normal @ source.axes[1],
            sighting.weight,
        )

    def look(
        self, picture: NDArray[np.float32], offset: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Colours (M, 3) when places (N,) are so far along their normals, and their slope there."""

        def at(farther: float) -> NDArray[np.float32]:
            distance = offset[self.seen] + np.float32(farther)
            return sample(
                picture, self.column + self.across * distance, self.row + self.down * distance
            )

        return at(0.0), (at(_REACH) - at(-_REACH)) / (2 * _REACH)


def _disagreement(
    sights: Sequence[_Sight],
    looks: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
    places: _Places,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Second and first derivative (N,), half of each, of how much views differ from their mean,
    which counts little where they show different things.
    """
    count = len(places.area)
    total = np.full((count, 1), 1e-9, np.float32)
    mean, drift = np.zeros((2, count, 3), np.float32)
    for sight, (color, slope) in zip(sights, looks, strict=True):
        weight = sight.weight[:, None]
        total[sight.seen] += weight
        mean[sight.seen] += weight * color
        drift[sight.seen] += weight * slope
    mean /= total
    drift /= total
    variance, second, first = np.zeros((3, count), np.float32)
    for sight, (color, slope) in zip(sights, looks, strict=True):
        off, change = color - mean[sight.seen], slope - drift[sight.seen]
        variance[sight.seen] += sight.weight * (off**2).sum(1)
        second[sight.seen] += sight.weight * (change**2).sum(1)
        first[sight.seen] += sight.weight * (change * off).sum(1)
    doubt = places.around(variance) / places.around(total[:, 0]) / _DOUBTED**2
    belief = 1 / (1 + doubt) ** 2
    return belief * second, belief * first


def _making_outlines(
    mesh: TriangleMesh, normals: NDArray[np.float32], sources: Sequence[Source]
) -> NDArray[np.float32]:
    """In how many views each vertex (n,) makes the mesh's outline, so that to move it would move
    that; less where it would not move across.
    """
    total = np.zeros(len(normals), np.float32)
    for source in sources:
        size = len(source.nearest) - 1
        width = 2 * round(_OUTLINE_WIDTH * size / _SIZE) + 1
        covered = np.isfinite(source.nearest).astype(np.uint8)
        outline = cv2.morphologyEx(covered, cv2.MORPH_GRADIENT, np.ones((width, width), np.uint8))
        right, up = (mesh.vertices @ axis for axis in source.axes[:2])
        across = 1 - (normals @ source.axes[2]) ** 2
        total += outline[source.corner_at(right, up)] * across
    return total


def _picture(source: Source, gain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours, 0..1, of a view at the size that is compared, as bright as the others."""
    size = _compared_size(source)
    color = cv2.resize(source.color, (size, size), interpolation=cv2.INTER_AREA)
    return (color * (gain / np.float32(255))).astype(np.float32)


def _blurred(picture: NDArray[np.float32], blur: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)


def _compared_size(source: Source) -> int:
    return min(len(source.color), _SIZE)
