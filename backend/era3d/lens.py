# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras as computer vision counts them: OpenCV's axes (x right, y down, z forward), in pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from era3d.cameras import CAMERA_DISTANCE, VIEWS, camera_to_world

# Blender's and OpenGL's cameras look along -Z with Y up, OpenCV's along +Z with Y down.
_BLENDER_TO_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Lens:
    """A camera without distortion: where it stands, and how it maps to pixels.

    A point (x, y, z) of the camera's frame falls on column ``fx x / z + cx`` and row
    ``fy y / z + cy``, or without the division if the camera is orthographic; the centre of pixel
    (i, j) is (i + 0.5, j + 0.5).

    Attributes
    ----------
    name : str
        Of the picture that it took.
    world_to_camera : (4, 4) float64
        To OpenCV's camera frame.
    fx, fy, cx, cy : float
        Pixels; of an orthographic camera, fx and fy are pixels a unit.
    width, height : int
        Size of the picture in pixels.
    orthographic : bool
    """

    name: str
    world_to_camera: NDArray[np.float64]
    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    orthographic: bool = False

    @property
    def matrix_world(self) -> NDArray[np.float64]:
        """Pose (4, 4), camera to world, with Blender's axes (looks along -Z, Y up)."""
        return np.asarray(np.linalg.inv(self.world_to_camera) @ _BLENDER_TO_OPENCV)

    @property
    def position(self) -> NDArray[np.float64]:
        """Where it stands, (3,), world frame."""
        rotation, shift = self.world_to_camera[:3, :3], self.world_to_camera[:3, 3]
        return np.asarray(-rotation.T @ shift, np.float64)

    def to_camera(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Turn world points (..., 3) to the camera's frame."""
        return points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]

    def project(
        self, points: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Columns and rows (..., 2) of world points (..., 3), and their depths (...)."""
        x, y, depth = np.moveaxis(self.to_camera(points), -1, 0)
        over = 1.0 if self.orthographic else depth
        pixel = np.stack([self.fx * x / over + self.cx, self.fy * y / over + self.cy], -1)
        return pixel, depth

    def resized(self, width: int, height: int) -> "Lens":
        """Return the same camera for a picture of another size."""
        across, down = width / self.width, height / self.height
        return replace(
            self,
            fx=self.fx * across,
            fy=self.fy * down,
            cx=self.cx * across,
            cy=self.cy * down,
            width=width,
            height=height,
        )


def world_to_opencv(matrix_world: NDArray[np.floating]) -> NDArray[np.float64]:
    """From a Blender camera's pose (4, 4) to the matrix into OpenCV's camera frame."""
    return _BLENDER_TO_OPENCV @ np.linalg.inv(matrix_world)


def lens_of_view(view: str, size: int) -> Lens:
    """Return the orthographic camera of one of the six views, whose picture spans one unit."""
    return orthographic_lens(view, camera_to_world(view), size)


def orthographic_lens(name: str, matrix_world: NDArray[np.floating], size: int) -> Lens:
    """Return an orthographic camera whose picture spans one unit."""
    matrix = world_to_opencv(matrix_world)
    return Lens(name, matrix, size, size, size / 2, size / 2, size, size, orthographic=True)


def lenses_of_views(size: int) -> tuple[Lens, ...]:
    """Return the cameras of the six views in their order."""
    return tuple(lens_of_view(view, size) for view in VIEWS)


def orbit_lens(
    name: str,
    azimuth_degrees: float,
    elevation_degrees: float,
    size: int,
    focal_px: float,
    distance: float = CAMERA_DISTANCE,
) -> Lens:
    """Return a perspective camera that looks at the origin from a distance; 0, 0 is the front."""
    azimuth, elevation = np.radians([azimuth_degrees, elevation_degrees])
    sin, cos = np.sin(azimuth), np.cos(azimuth)
    right = np.array([cos, sin, 0.0])
    back = np.array([sin * np.cos(elevation), -cos * np.cos(elevation), np.sin(elevation)])
    matrix = np.eye(4)
    matrix[:3] = np.stack([right, np.cross(back, right), back, distance * back], axis=1)
    half = size / 2
    return Lens(name, world_to_opencv(matrix), focal_px, focal_px, half, half, size, size)


def lens_of_reference(reference: Mapping[str, Any]) -> Lens:
    """Return the photo's camera that an entry ``reference`` of cameras.json describes."""
    width, height = reference["resolution"]
    longer = max(width, height)
    focal = reference["lens_mm"] / reference["sensor_mm"] * longer
    across, up = reference["shift"]
    matrix = world_to_opencv(np.array(reference["matrix_world"]))
    centre = width / 2 - across * longer, height / 2 + up * longer
    return Lens(reference["image"], matrix, focal, focal, *centre, width, height)


def reference_of_lens(lens: Lens, sensor_mm: float) -> dict[str, Any]:
    """Describe a photo's camera for cameras.json; the inverse of `lens_of_reference`."""
    longer = max(lens.width, lens.height)
    return {
        "type": "PERSP",
        "lens_mm": lens.fx / longer * sensor_mm,
        "sensor_mm": sensor_mm,
        "matrix_world": lens.matrix_world.tolist(),
        "resolution": [lens.width, lens.height],
        "shift": [(lens.width / 2 - lens.cx) / longer, (lens.cy - lens.height / 2) / longer],
        "image": lens.name,
    }
