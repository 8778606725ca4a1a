# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cameras of a job, each with its pictures behind the scene, registered to the pixel."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from .folder import Reference, View
from .roots import VIEW_KEY

REFERENCE = "reference"


def build_view_camera(name: str, view: View, render: bpy.types.RenderSettings) -> bpy.types.Object:
    """Return an orthographic camera whose scale follows the scale of what it is parented to."""
    camera = _camera(name, view.name, Matrix(view.matrix_world.tolist()))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = view.ortho_scale
    _follow_scale(camera, view.ortho_scale)
    _frame(camera.data, (1, 1), render)
    return camera


def build_reference_camera(
    name: str, reference: Reference, render: bpy.types.RenderSettings
) -> bpy.types.Object:
    """Return the perspective camera that matches the reference photo."""
    camera = _camera(name, REFERENCE, Matrix(reference.matrix_world.tolist()))
    camera.data.type = "PERSP"
    camera.data.lens = reference.lens_mm
    fitted = _frame(camera.data, reference.resolution, render)
    longer = max(reference.resolution)
    # Blender counts shift in units of the fitted side, the job in units of the longer one.
    camera.data.shift_x, camera.data.shift_y = (s * longer / fitted for s in reference.shift)
    camera.data.sensor_width = camera.data.sensor_height = reference.sensor_mm * fitted / longer
    return camera


def put_behind(
    camera: bpy.types.Object, image: bpy.types.Image, visible: bool = True
) -> bpy.types.CameraBackgroundImage:
    """Show a picture behind the scene when one looks through the camera."""
    camera.data.show_background_images = True
    background = camera.data.background_images.new()
    background.image = image
    background.alpha = 1.0
    background.display_depth = "BACK"
    background.frame_method = "FIT"
    background.show_background_image = visible
    background.show_expanded = False
    return background


def refit(camera: bpy.types.Object, render: bpy.types.RenderSettings) -> None:
    """Fit an orthographic camera's square to the render's shape, which may have changed."""
    if camera.data.type == "ORTHO":
        _frame(camera.data, (1, 1), render)


def _camera(name: str, view: str, matrix: Matrix) -> bpy.types.Object:
    data = bpy.data.cameras.new(name)
    data.clip_start, data.clip_end = 0.01, 1000.0
    data.display_size = 0.1  # a flat frame where the camera stands, clear of the object
    camera = bpy.data.objects.new(name, data)
    camera.matrix_local = matrix
    camera[VIEW_KEY] = view
    # Moved by accident, a camera no longer shows what its picture shows: move the root instead.
    camera.lock_location = camera.lock_rotation = camera.lock_scale = (True, True, True)
    return camera


def _frame(
    data: bpy.types.Camera, picture: tuple[int, int], render: bpy.types.RenderSettings
) -> int:
    """Fit the side on which the whole picture is inside the render; return its length.

    Fitting the other side would shift picture and scene apart, since the picture is shrunk into
    the render's frame while the sensor is not.
    """
    width = render.resolution_x * render.pixel_aspect_x
    height = render.resolution_y * render.pixel_aspect_y
    if width * picture[1] >= height * picture[0]:
        data.sensor_fit = "VERTICAL"
        return picture[1]
    data.sensor_fit = "HORIZONTAL"
    return picture[0]


def _follow_scale(camera: bpy.types.Object, scale: float) -> None:
    """Drive the width of view by the camera's scale in the world: Blender itself ignores it."""
    driver = camera.data.driver_add("ortho_scale").driver
    variable = driver.variables.new()
    variable.name, variable.type = "size", "TRANSFORMS"
    target = variable.targets[0]
    target.id, target.transform_type = camera, "SCALE_AVG"
    target.transform_space = "WORLD_SPACE"
    driver.expression = f"size * {scale!r}"  # simple enough to need no Python at run time
