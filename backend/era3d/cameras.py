# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where frames, axes and units are converted.

World frame: Blender's. Right-handed, Z up, the object within +-0.5 about the origin, the front
camera at -Y looking along +Y. Six orthographic cameras at elevation 0 look at the origin; an image
spans exactly one world unit. Pixel (column i, row j) covers [i, i+1) x [j, j+1), row 0 is the top.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

AZIMUTH_DEGREES = {
    "front": 0,
    "front_right": 45,
    "right": 90,
    "back": 180,
    "left": 270,
    "front_left": 315,
}
VIEWS = tuple(AZIMUTH_DEGREES)
CAMERA_DISTANCE = 1.5
SENSOR_MM = 32.0

# Rows: the front camera's OpenGL axes (x right, y up, z to the viewer) in world coordinates.
_FRONT_OPENGL_AXES = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
# glTF: Y up, the front looks along +Z.
_WORLD_TO_GLTF = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)


def camera_axes(view: str) -> NDArray[np.float64]:
    """Right, up and back (towards the viewer) of a view's camera.

    Parameters
    ----------
    view : str
        One of `VIEWS`.

    Returns
    -------
    (3, 3) float
        Rows are unit vectors in the world frame: right, up, back.
    """
    azimuth = np.radians(AZIMUTH_DEGREES[view])
    sin, cos = np.sin(azimuth), np.cos(azimuth)
    return np.array([[cos, sin, 0.0], [0.0, 0.0, 1.0], [sin, -cos, 0.0]])


def camera_to_world(view: str, distance: float = CAMERA_DISTANCE) -> NDArray[np.float64]:
    """Pose of a view's camera, which looks along its own -Z with Y up (Blender, OpenGL).

    Returns
    -------
    (4, 4) float
        Columns: right, up, back, location, in the world frame.
    """
    axes = camera_axes(view)
    matrix = np.eye(4)
    matrix[:3, :3] = axes.T
    matrix[:3, 3] = distance * axes[2]
    return matrix


def world_to_image(
    points: NDArray[np.floating], view: str, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project world points into a view.

    Parameters
    ----------
    points : (..., 3) float
        World coordinates, units.
    view : str
        One of `VIEWS`.
    size : int
        Width and height of the image in pixels.

    Returns
    -------
    pixel : (..., 2) float
        Column and row; the centre of pixel (i, j) is (i + 0.5, j + 0.5).
    depth : (...) float
        Distance in units behind the plane through the origin; larger is farther.
    """
    right, up, back = (points @ axis for axis in camera_axes(view))
    return np.stack([(0.5 + right) * size, (0.5 - up) * size], axis=-1), -back


def pixel_rays(view: str, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the rays of a view's pixel centres start, and where they go.

    Returns
    -------
    origins : (size, size, 3) float
        On the camera's plane at `CAMERA_DISTANCE`, indexed [row, column], world frame.
    direction : (3,) float
        The unit vector that all rays of an orthographic camera share, world frame.
    """
    right, up, back = camera_axes(view)
    centre = (np.arange(size) + 0.5) / size - 0.5
    origins = CAMERA_DISTANCE * back - centre[:, None, None] * up + centre[None, :, None] * right
    return origins, -back


def normals_to_world(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn normals of the front camera's OpenGL frame (the frame of all six maps) to the world's.

    Parameters
    ----------
    normals : (..., 3) float

    Returns
    -------
    (..., 3) float
        World normals (nx, -nz, ny).
    """
    return normals @ _FRONT_OPENGL_AXES.astype(normals.dtype)


def normals_to_maps(normals_world: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn world normals to the frame of the normal maps; the inverse of `normals_to_world`."""
    return normals_world @ _FRONT_OPENGL_AXES.astype(normals_world.dtype).T


def world_to_gltf(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn world vectors (..., 3), Z up, to glTF's frame (x, z, -y), Y up; a rotation."""
    return vectors @ _WORLD_TO_GLTF.astype(vectors.dtype).T


def gltf_to_world(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn glTF vectors (..., 3), Y up, to the world frame; the inverse of `world_to_gltf`."""
    return vectors @ _WORLD_TO_GLTF.astype(vectors.dtype)


def era3d_obj_to_world(vertices: NDArray[np.floating]) -> NDArray[np.floating]:
    """Undo the reflection of meshes that Era3D itself exported.

    Its exporter writes (x, z, y), a mirror image; swapping back mirrors again. Reverse the winding
    of the faces as well.
    """
    return vertices[..., [0, 2, 1]]


def describe_views() -> list[dict[str, Any]]:
    """The six cameras as they stand in ``cameras.json``: world frame, row-major matrices."""
    return [
        {
            "name": view,
            "type": "ORTHO",
            "azimuth_degrees": degrees,
            "ortho_scale": 1.0,
            "matrix_world": camera_to_world(view).tolist(),
            "image": f"views/color_{view}.png",
            "normal": f"views/normal_{view}.png",
        }
        for view, degrees in AZIMUTH_DEGREES.items()
    ]


def reference_camera(
    elevation_radians: float,
    focal_mm: float,
    photo_size: tuple[int, int],
    crop_origin: tuple[float, float],
    units_per_pixel: float,
) -> dict[str, Any]:
    """The perspective camera through which the object lies over the uncropped photo.

    The object keeps the size it has in the subject at the plane through the world's origin, and
    the principal point of the photo stays in the photo's centre, so the camera is shifted rather
    than turned towards the crop.

    Parameters
    ----------
    elevation_radians : float
        Height of the camera above the horizon of the object.
    focal_mm : float
        Focal length on a sensor 32 mm wide that spans the *subject* image's one unit at the
        model's distance of ``focal / 32`` units.
    photo_size : (int, int)
        Width and height of the photo in pixels.
    crop_origin : (float, float)
        Column and row of the photo that lie on the centre of the subject.
    units_per_pixel : float
        World units per photo pixel at the object.

    Returns
    -------
    dict
        Entry ``reference`` of ``cameras.json``: Blender's lens, sensor, shift and pose.
    """
    width, height = photo_size
    longer = max(width, height)
    sin, cos = np.sin(elevation_radians), np.cos(elevation_radians)
    up, back = np.array([0.0, sin, cos]), np.array([0.0, -cos, sin])
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([np.array([1.0, 0.0, 0.0]), up, back], axis=1)
    distance = focal_mm / SENSOR_MM
    matrix[:3, 3] = distance * back
    return {
        "type": "PERSP",
        # one unit at `distance` fills SENSOR_MM; the photo's longer side spans more than the crop
        "lens_mm": SENSOR_MM * distance / (longer * units_per_pixel),
        "sensor_mm": SENSOR_MM,
        "matrix_world": matrix.tolist(),
        "resolution": [width, height],
        "shift": [
            (width / 2 - crop_origin[0]) / longer,
            (crop_origin[1] - height / 2) / longer,
        ],
        "image": "input.png",
    }
