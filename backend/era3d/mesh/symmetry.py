# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are their own mirror image in a plane x = constant."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift

from era3d.cameras import AZIMUTH_DEGREES, VIEWS
from era3d.errors import InputError
from era3d.mesh.extract import drop_specks
from era3d.mesh.silhouette import signed_distance
from era3d.mesh.stitch import make_manifold
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.views import Views

# Vertices nearer to the plane than this share of their edges' length are put on it.
_SNAP = 0.2

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def find_mirror_plane(views: Views) -> float:
    """The x at which the silhouettes of front and back are best mirrored, world units.

    The convolution of a picture's rows with themselves peaks at twice the column about which they
    are most nearly mirrored. Within half a pixel of the middle the plane is x = 0 exactly.

    Raises
    ------
    InputError
        If neither front nor back shows anything.
    """
    front, back = (views.normal[VIEWS.index(name), ..., 3] / 255.0 for name in ("front", "back"))
    size, total = views.size, np.zeros(4 * views.size)
    for alpha in (front, back[:, ::-1]):
        total += np.fft.irfft((np.fft.rfft(alpha, 4 * size, axis=1) ** 2).sum(0), 4 * size)
    if total.max() < 0.5:
        raise InputError("Neither the front nor the back view shows an object to mirror.")
    peak = int(total.argmax())
    before, here, after = total[[peak - 1, peak, (peak + 1) % len(total)]]
    finer = 0.5 * (before - after) / min(before - 2.0 * here + after, -1e-9)
    column = (peak + finer) / 2.0
    plane = (column + 0.5) / size - 0.5
    return 0.0 if abs(plane) < 0.5 / size else float(plane)


def mirror_views(
    views: Views, plane: float = 0.0, weights: tuple[float, ...] = (1.0,) * len(VIEWS)
) -> Views:
    """Views whose silhouettes and normals are the mean of what they show and its mirror image.

    What a view shows at azimuth a is, mirrored, what the one at -a should show. A view that shows
    nothing, or is not trusted, is made from its mirror image alone. Colours stay as they are.

    Parameters
    ----------
    views : Views
    plane : float
        The mirror plane's x, world units.
    weights : six float
        How far each view is trusted; one of 0 is not used.
    """
    normal = np.zeros_like(views.normal)
    given = [
        image if weight > 0.0 else np.zeros_like(image)
        for image, weight in zip(views.normal, weights, strict=True)
    ]
    azimuths = list(AZIMUTH_DEGREES.values())
    for index, azimuth in enumerate(azimuths):
        counterpart = given[azimuths.index(-azimuth % 360)]
        # Where the plane is not the image's middle, neither is its image.
        off_middle = 2.0 * plane * np.cos(np.radians(azimuth)) * views.size
        shown = [_premultiplied(given[index]), _mirrored(counterpart, off_middle)]
        shown = [each for each in shown if (each[..., 3] >= 0.5).any()]
        if shown:
            normal[index] = _mean(shown)
    return Views(views.color, normal)


def mirror_weights(weights: tuple[float, ...]) -> tuple[float, ...]:
    """How far each mirrored view is trusted: as far as the better of the two it is made of."""
    azimuths = list(AZIMUTH_DEGREES.values())
    return tuple(
        max(weight, weights[azimuths.index(-azimuth % 360)])
        for weight, azimuth in zip(weights, azimuths, strict=True)
    )


def overlap_with_mirror(
    views: Views, plane: float = 0.0, weights: tuple[float, ...] = (1.0,) * len(VIEWS)
) -> float:
    """How nearly the silhouettes are mirrored: the least intersection over union, 0 to 1."""
    mirrored = mirror_views(views, plane, weights).normal[..., 3] >= 128
    shown = views.normal[..., 3] >= 128
    ratios = [
        (one & other).sum() / (one | other).sum()
        for one, other, weight in zip(shown, mirrored, weights, strict=True)
        if one.any() and weight > 0.0
    ]
    return float(min(ratios, default=0.0))


def _premultiplied(image: NDArray[np.uint8]) -> Floats:
    """Vectors times alpha, and alpha, of a normal map (S, S, 4)."""
    alpha = image[..., 3:] / 255.0
    return np.concatenate([(image[..., :3] / 127.5 - 1.0) * alpha, alpha], -1)


def _mirrored(image: NDArray[np.uint8], off_middle: float) -> Floats:
    """A normal map in a mirror, premultiplied; the plane's image is that far from the middle."""
    flipped = _premultiplied(image)[:, ::-1] * [-1.0, 1.0, 1.0, 1.0]
    return shift(flipped, (0.0, off_middle, 0.0), order=1) if off_middle else flipped


def _mean(images: list[Floats]) -> NDArray[np.uint8]:
    """Mean of premultiplied maps; the outline lies midway between theirs."""
    total = np.sum(images, axis=0)
    vectors = total[..., :3] / np.maximum(np.linalg.norm(total[..., :3], axis=-1), 1e-6)[..., None]
    outline = np.mean([signed_distance(image[..., 3]) for image in images], axis=0)
    same = np.ptp([image[..., 3] for image in images], axis=0) < 1.5 / 255.0
    alpha = np.where(same, total[..., 3] / len(images), (0.5 - outline).clip(0.0, 1.0))
    mean = np.concatenate([(vectors + 1.0) * 127.5, alpha[..., None] * 255.0], -1)
    return np.round(mean).astype(np.uint8)


def symmetrise(mesh: TriangleMesh, plane: float = 0.0) -> TriangleMesh:
    """Cut a mesh at the plane x = `plane` and put one half's mirror image in the other's place.

    The half with more vertices is kept.

    Parameters
    ----------
    mesh : TriangleMesh
        Closed and 2-manifold.
    plane : float
        World units.

    Returns
    -------
    TriangleMesh
        Closed and 2-manifold. Each vertex lies on the plane or has a partner with the same y and z
        as far from the plane on its other side.
    """
    offset, faces = _offsets(mesh, plane), mesh.faces.astype(np.int64)
    if np.sign(offset).sum() < 0.0:
        offset, faces = -offset, faces[:, ::-1]
    points = np.column_stack([offset, mesh.vertices[:, 1:]])
    points, faces = _cut(points, faces)
    off_plane = points[:, 0] > 0.0
    partner = np.arange(len(points))
    partner[off_plane] = len(points) + np.arange(off_plane.sum())
    points = np.vstack([points, points[off_plane] * [-1.0, 1.0, 1.0]])
    faces = np.vstack([faces, partner[faces][:, ::-1]])
    points[:, 0] += plane
    solid = make_manifold(TriangleMesh(points.astype(np.float32), faces.astype(np.int32)))
    return drop_specks(solid)


def _offsets(mesh: TriangleMesh, plane: float) -> Floats:
    """Signed distance (n,) of the vertices from the plane; 0 for those that are put on it."""
    offset = mesh.vertices[:, 0].astype(np.float64) - plane
    start, end = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    length = np.linalg.norm(mesh.vertices[end] - mesh.vertices[start], axis=1)
    count = np.maximum(np.bincount(start, minlength=len(offset)), 1)
    mean = np.bincount(start, length, len(offset)) / count
    return np.where(np.abs(offset) < _SNAP * mean, 0.0, offset)


def _cut(points: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """The part of a mesh at x >= 0; where it was cut, its edges lie in the plane x = 0."""
    side = np.sign(points[:, 0]).astype(np.int64)
    low, high = side[faces].min(1), side[faces].max(1)
    whole, crossing = faces[(low >= 0) & (high > 0)], faces[(low < 0) & (high > 0)]
    edges = np.stack([crossing, np.roll(crossing, -1, axis=1)], 2)
    halved = side[edges[..., 0]] * side[edges[..., 1]] < 0
    ends, place = np.unique(np.sort(edges[halved], axis=1), axis=0, return_inverse=True)
    middle = np.full(halved.shape, -1)
    middle[halved] = len(points) + place
    a, b = points[ends[:, 0]], points[ends[:, 1]]
    added = a + (a[:, :1] / (a[:, :1] - b[:, :1])) * (b - a)
    added[:, 0] = 0.0
    kept = np.vstack([whole, _pieces(crossing, side[crossing], middle)])
    used, renumbered = np.unique(kept, return_inverse=True)
    return np.vstack([points, added])[used], renumbered.reshape(-1, 3)


def _pieces(faces: Ints, side: Ints, middle: Ints) -> Ints:
    """What is left (k, 3) of faces (m, 3) that the plane crosses.

    Parameters
    ----------
    side : (m, 3) int64
        1, 0 or -1 for corners before, on and behind the plane.
    middle : (m, 3) int64
        The vertex where the plane cuts the edge from each corner to the next, -1 for none.
    """
    pieces = [np.zeros((0, 3), np.int64)]
    for turn in range(3):
        corner, s, m = (np.roll(each, -turn, axis=1) for each in (faces, side, middle))
        # One corner before the plane, the other two behind it.
        alone = (s == [1, -1, -1]).all(1)
        pieces.append(np.stack([corner[:, 0], m[:, 0], m[:, 2]], 1)[alone])
        # Two before it: a quadrangle.
        two = (s == [1, 1, -1]).all(1)
        pieces.append(np.stack([corner[:, 0], corner[:, 1], m[:, 1]], 1)[two])
        pieces.append(np.stack([corner[:, 0], m[:, 1], m[:, 2]], 1)[two])
        # One on it.
        ahead = (s == [0, 1, -1]).all(1)
        pieces.append(np.stack([corner[:, 0], corner[:, 1], m[:, 1]], 1)[ahead])
        before = (s == [0, -1, 1]).all(1)
        pieces.append(np.stack([corner[:, 0], m[:, 1], corner[:, 2]], 1)[before])
    return np.concatenate(pieces)
