# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera that took the picture: the model's estimate, and where that puts the whole photo."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from era3d.cameras import SENSOR_MM, VIEWS, reference_camera, world_to_image
from era3d.diffusion.result import GeneratedViews
from era3d.prepare.frame import SUBJECT_SIZE, Crop
from era3d.views import Views

# Era3D regresses 24 mm / focal length; 0 means orthographic.
_FOCAL_UNIT_MM = 24.0
_ORTHOGRAPHIC_BELOW = 0.1
# Cells along each side of the world in which the object's outline is looked for.
_CELLS = 96
_OPAQUE = 128


@dataclass(frozen=True)
class Pose:
    """Where the picture was taken from, as the model estimates it.

    Attributes
    ----------
    elevation_degrees : float
        Above the object's horizon; mean over the sampling steps.
    elevation_spread : float
        Standard deviation over the steps, degrees.
    focal_mm : float
        On a sensor 32 mm wide; 240 stands for orthographic.
    focal_spread : float
        What the standard deviation over the steps of 24 mm / focal length means in mm.
    orthographic : bool
    """

    elevation_degrees: float
    elevation_spread: float
    focal_mm: float
    focal_spread: float
    orthographic: bool

    def reference_camera(
        self, crop: dict[str, Any], points: NDArray[np.floating]
    ) -> dict[str, Any]:
        """Return the camera through which the object lies over the uncropped photo.

        The model says how high and how far away the camera is. What the crop took away, zoom and
        shift, comes back from the object: its outline, seen through that camera, must fill the box
        that the subject fills in the photo.

        Parameters
        ----------
        crop : dict
            An `era3d.prepare.Crop`.
        points : (n, 3) float
            Of the object, world frame: a mesh's vertices, or `object_cells` while there is none.
            Without any, the subject's middle is taken for the world's origin.

        Returns
        -------
        dict
            See `era3d.cameras.reference_camera`.
        """
        cut = Crop(**{name: tuple(value) for name, value in crop.items()})
        elevation = np.radians(self.elevation_degrees)
        if not len(points):
            scale = cut.scale / SUBJECT_SIZE
            return reference_camera(elevation, self.focal_mm, cut.photo_size, cut.centre, scale)
        seen = _through(points, elevation, self.focal_mm / SENSOR_MM)
        low, high = seen.min(0), seen.max(0)
        left, top, right, bottom = cut.box
        scale = max(high - low) / max(right - left, bottom - top)
        middle = (low + high) / 2 / scale
        origin = ((left + right) / 2 - middle[0], (top + bottom) / 2 + middle[1])
        return reference_camera(elevation, self.focal_mm, cut.photo_size, origin, scale)

    def as_dict(self) -> dict[str, Any]:
        """For job.json."""
        return asdict(self)


def pose_of(generated: GeneratedViews) -> Pose | None:
    """The camera of the picture, or None if the model does not estimate it."""
    if generated.elevation is None or generated.focal is None:
        return None
    focal = max(generated.focal, _ORTHOGRAPHIC_BELOW)
    return Pose(
        elevation_degrees=float(np.degrees(generated.elevation)),
        elevation_spread=float(np.degrees(np.std(generated.elevations))),
        focal_mm=_FOCAL_UNIT_MM / focal,
        focal_spread=float(np.std(generated.focals)) * _FOCAL_UNIT_MM / focal**2,
        orthographic=generated.focal <= _ORTHOGRAPHIC_BELOW,
    )


def object_cells(views: Views) -> NDArray[np.float64]:
    """Centres (n, 3), world frame, of coarse cells that all silhouettes call object.

    Where there are none, since generated silhouettes contradict each other, of those that all but
    one do.
    """
    axis = (np.arange(_CELLS) + 0.5) / _CELLS - 0.5
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    votes = np.zeros(len(points), np.int8)
    for view, image in zip(VIEWS, views.normal, strict=True):
        pixel, _ = world_to_image(points, view, views.size)
        column, row = np.clip(pixel.astype(int), 0, views.size - 1).T
        votes += image[row, column, 3] >= _OPAQUE
    return points[votes >= max(votes.max(), len(VIEWS) - 1)]


def _through(
    points: NDArray[np.floating], elevation: float, distance: float
) -> NDArray[np.float64]:
    """Points (n, 2), right and up, in units at the world's origin, as a camera sees them."""
    up = points @ np.array([0.0, np.sin(elevation), np.cos(elevation)])
    toward = points @ np.array([0.0, -np.cos(elevation), np.sin(elevation)])
    return np.stack([points[:, 0], up], 1) * (distance / (distance - toward))[:, None]
