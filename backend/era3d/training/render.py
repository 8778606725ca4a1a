# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a coloured mesh: six orthographic targets, and a photo to condition on.

Scale. The photo is cropped as the product crops its subject: the longer side of the silhouette
fills 420/512 of the frame. The targets use one scale for all six views: that at which the front
view fills 420/512 as well, so that front and subject agree, unless another view would then not fit
its image; deep objects are shrunk until their widest view fills `LARGEST_VIEW`.
"""

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from era3d import raster
from era3d.cameras import SENSOR_MM, VIEWS, camera_axes, normals_to_maps, world_to_image
from era3d.training.corpus import ColoredMesh

SUBJECT_FILL = 420 / 512
LARGEST_VIEW = 0.96
_CREASE_DEGREES = 40.0


@dataclass(frozen=True)
class Photo:
    """Where a photo is taken from, and the light.

    Attributes
    ----------
    elevation : float
        Radians above the horizon; the azimuth is the front view's.
    focal_mm : float
        Lens on a 32 mm sensor, `focal_mm / 32` units away; infinity is orthographic.
    ambient, diffuse : float
        A surface facing the light shows `ambient + diffuse` times its colour, one facing away
        `ambient` times.
    light : (3,) float
        Unit vector from the object towards the light, world frame.
    """

    elevation: float
    focal_mm: float
    ambient: float = 1.0
    diffuse: float = 0.0
    light: tuple[float, float, float] = (0.0, 0.0, 1.0)

    @property
    def focal_label(self) -> float:
        """What the model is taught: 24 / focal length, 0 when orthographic."""
        return 24.0 / self.focal_mm


@dataclass(frozen=True)
class Targets:
    """Six orthographic views on white, in the order of `era3d.cameras.VIEWS`.

    Attributes
    ----------
    color : (6, S, S, 3) float32
        Unlit colours, 0..1.
    normal : (6, S, S, 3) float32
        Normals in the front camera's OpenGL frame as n / 2 + 1/2.
    alpha : (6, S, S) float32
        Coverage, 0..1.
    depth : (6, S, S) float32
        Units behind the plane through the origin, infinity outside the object.
    """

    color: NDArray[np.float32]
    normal: NDArray[np.float32]
    alpha: NDArray[np.float32]
    depth: NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """A mesh ready to be drawn: vertices (n, 3), faces, corner colours and corner normals."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    colors: NDArray[np.float32]
    corner_normals: NDArray[np.float32]
    face_normals: NDArray[np.float64]

    def moved(self, matrix: NDArray[np.floating], offset: ArrayLike = 0.0) -> "Scene":
        """The scene with every vertex v at ``matrix @ v + offset``; the matrix mirrors nothing."""
        inverse = np.linalg.inv(matrix)
        return Scene(
            self.vertices @ matrix.T + np.asarray(offset),
            self.faces,
            self.colors,
            _unit(self.corner_normals @ inverse.astype(np.float32)),
            _unit(self.face_normals @ inverse),
        )

    def framed(self) -> "Scene":
        """Centred and scaled as the six target cameras want it."""
        return dataclasses.replace(self, vertices=_framed(self.vertices, self.faces))

    def beside(self, other: "Scene") -> "Scene":
        """Both as one."""
        return Scene(
            np.concatenate([self.vertices, other.vertices]),
            np.concatenate([self.faces, other.faces + len(self.vertices)]),
            np.concatenate([self.colors, other.colors]),
            np.concatenate([self.corner_normals, other.corner_normals]),
            np.concatenate([self.face_normals, other.face_normals]),
        )


def frame_mesh(
    mesh: ColoredMesh,
    yaw_degrees: float = 0.0,
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Scene:
    """Turn, stretch, centre and scale a mesh as the six target cameras want it.

    Parameters
    ----------
    mesh : ColoredMesh
    yaw_degrees : float
        Turn about the vertical, counter-clockwise seen from above.
    stretch : (float, float, float)
        Factors along x, y and z, applied before the turn.
    """
    vertices = (mesh.vertices * np.array(stretch)) @ turn(yaw_degrees).T
    return shade(_framed(vertices, mesh.faces), mesh.faces, mesh.colors)


def turn(degrees: float) -> NDArray[np.float64]:
    """Rotation (3, 3) about the vertical, counter-clockwise seen from above."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def shade(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], colors: NDArray[np.float32]
) -> Scene:
    """Vertices (n, 3), faces (m, 3) and corner colours (m, 3, 3), and the normals of these."""
    corners = vertices[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return Scene(vertices, faces, colors, _corner_normals(vertices, faces, cross), _unit(cross))


def _framed(vertices: NDArray[np.floating], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Centre and scale vertices (n, 3) as the six target cameras want them."""
    used = vertices[np.unique(faces)]
    centre = (used.min(0) + used.max(0)) / 2
    used = used - centre
    width = {view: 2 * np.abs(used @ camera_axes(view)[0]).max() for view in VIEWS}
    height = np.ptp(used[:, 2])
    scale = min(
        SUBJECT_FILL / max(width["front"], height, 1e-6),
        LARGEST_VIEW / max(*width.values(), height, 1e-6),
    )
    return (vertices - centre) * scale


def _corner_normals(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], cross: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Normals (F, 3, 3) smooth across edges that bend less than the crease angle.

    Each corner averages, by area, the faces that meet at its position at less than that angle.
    """
    place = np.unique(np.round(vertices * 1e5), axis=0, return_inverse=True)[1].ravel()
    corner_place = place[faces.ravel()]
    corners = len(corner_place)
    at_place = csr_matrix((np.ones(corners), (corner_place, np.arange(corners))))
    pairs = (at_place.T @ at_place).tocoo()
    unit = _unit(cross)
    near = (unit[pairs.row // 3] * unit[pairs.col // 3]).sum(1) > np.cos(
        np.radians(_CREASE_DEGREES)
    )
    neighbours = csr_matrix(
        (np.ones(near.sum()), (pairs.row[near], pairs.col[near])), shape=(corners, corners)
    )
    summed = neighbours @ np.repeat(cross, 3, axis=0)
    return _unit(summed).reshape(-1, 3, 3).astype(np.float32)


def render_targets(scene: Scene, size: int = 64, supersampling: int = 2) -> Targets:
    """Draw the six orthographic views; every face shows both sides."""
    fine = size * supersampling
    sheets, normals = [], []
    for row, view in enumerate(VIEWS):
        pixel, behind = world_to_image(scene.vertices, view, fine)
        pixel[:, 1] += row * fine
        sheets.append(np.concatenate([pixel, behind[:, None]], 1)[scene.faces])
        facing = np.sign(scene.face_normals @ camera_axes(view)[2])
        normals.append(scene.corner_normals * _nonzero(facing)[:, None, None])
    count = len(VIEWS)
    triangles = np.concatenate(sheets)
    attributes = np.concatenate(
        [np.tile(scene.colors, (count, 1, 1)), np.concatenate(normals), triangles[..., 2:]], -1
    )
    drawn, covered = _draw(triangles, attributes, count * fine, fine)
    drawn = drawn.reshape(count, fine, fine, 7)
    covered = covered.reshape(count, fine, fine)
    alpha = shrink(covered[..., None].astype(np.float32), supersampling)
    color = shrink(drawn[..., :3], supersampling) + (1 - alpha)
    normal = shrink(drawn[..., 3:6], supersampling)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-8)
    encoded = (alpha * (normals_to_maps(normal) / 2 + 0.5) + (1 - alpha)).astype(np.float32)
    depth = shrink(drawn[..., 6:], supersampling)
    depth /= np.where(alpha > 0, alpha, 1)
    depth[alpha == 0] = np.inf
    return Targets(color, encoded, alpha[..., 0], depth[..., 0])


def render_photo(
    scene: Scene, photo: Photo, size: int = 64, supersampling: int = 2
) -> NDArray[np.float32]:
    """Draw the picture to condition on: (S, S, 3) in 0..1 on white, cropped like a subject."""
    return render_photo_and_normals(scene, photo, size, supersampling)[0]


def render_photo_and_normals(
    scene: Scene, photo: Photo, size: int = 64, supersampling: int = 2
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `render_photo`; and the unit normals (S, S, 3) seen there, world frame, 0 outside."""
    fine = size * supersampling
    projected, eye, inverse_depth = _project(scene.vertices, photo)
    corner = projected[np.unique(scene.faces)]
    centre = (corner.min(0) + corner.max(0)) / 2
    scale = SUBJECT_FILL * fine / max(np.ptp(corner, axis=0).max(), 1e-6)
    pixel = (projected - centre) * scale * (1, -1) + fine / 2
    # 1 / depth is linear in the image; what lies nearer must come out smaller
    triangles = np.concatenate([pixel, -inverse_depth[:, None]], 1)[scene.faces]
    to_eye = eye - scene.vertices[scene.faces[:, 0]] if np.isfinite(eye).all() else _back(photo)
    facing = _nonzero(np.sign((scene.face_normals * to_eye).sum(-1)))
    normals = scene.corner_normals * facing[:, None, None]
    weight = inverse_depth[scene.faces][..., None]
    attributes = np.concatenate([scene.colors, normals, np.ones_like(weight)], -1) * weight
    seen, drawn = _draw_seen(triangles, attributes, fine, fine)
    drawn /= drawn[:, 6:]
    unit = _unit(drawn[:, 3:6])
    facing_light = np.maximum(unit @ np.array(photo.light, np.float32), 0)
    lit = drawn[:, :3] * (photo.ambient + photo.diffuse * facing_light)[:, None]
    image, normal = np.ones((fine, fine, 3), np.float32), np.zeros((fine, fine, 3), np.float32)
    image[seen], normal[seen] = np.clip(lit, 0, 1), unit
    return shrink(image, supersampling), shrink(normal, supersampling)


def _back(photo: Photo) -> NDArray[np.float64]:
    """Unit vector from the object towards the photographer, world frame."""
    return np.array([0, -np.cos(photo.elevation), np.sin(photo.elevation)])


def _project(
    points: NDArray[np.float64], photo: Photo
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Image coordinates (n, 2) right and up, the eye (infinite if orthographic), and 1 / depth."""
    back = _back(photo)
    up = np.array([0, np.sin(photo.elevation), np.cos(photo.elevation)])
    plane = np.stack([points[:, 0], points @ up], 1)
    towards = points @ back
    if np.isinf(photo.focal_mm):
        return plane, np.full(3, np.inf), 1 / (2 - towards)
    distance = photo.focal_mm / SENSOR_MM
    depth = np.maximum(distance - towards, 1e-3)
    return plane * distance / depth[:, None], back * distance, 1 / depth


def _draw(
    triangles: NDArray[np.float64], attributes: NDArray[np.floating], height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Corner attributes (F, 3, C) blended to pixels (H, W, C), and which pixels are covered."""
    seen, values = _draw_seen(triangles, attributes, height, width)
    drawn = np.zeros((height, width, attributes.shape[-1]), np.float32)
    drawn[seen] = values
    return drawn, seen


def _draw_seen(
    triangles: NDArray[np.float64], attributes: NDArray[np.floating], height: int, width: int
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which pixels (H, W) are covered, and corner attributes (F, 3, C) blended to those (N, C)."""
    fragments = raster.rasterize(torch.from_numpy(triangles), height, width)
    seen = fragments.face >= 0
    covered = raster.Fragments(fragments.face[seen], fragments.barycentric[seen])
    blended = covered.interpolate(torch.from_numpy(attributes.astype(np.float32)))
    return seen.numpy(), blended.numpy()


_Floats = TypeVar("_Floats", NDArray[np.float32], NDArray[np.float64])


def _unit(vectors: _Floats) -> _Floats:
    """Vectors (..., 3) at length 1."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return vectors / np.maximum(length, 1e-20)


def shrink(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Average blocks of factor x factor pixels of (..., H, W, C)."""
    *lead, height, width, channels = image.shape
    blocks = image.reshape(*lead, height // factor, factor, width // factor, factor, channels)
    return blocks.mean((-4, -2), dtype=np.float32)


def _nonzero(sign: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(sign == 0, 1.0, sign)
