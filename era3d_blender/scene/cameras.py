# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cameras of a job, each with its pictures behind the scene, registered to the pixel."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from .folder import Reference, View
from .pictures import KIND_KEY
from .roots import PHOTO, VIEW_KEY, cameras_of, title, view_cameras

REFERENCE = "reference"
PHOTO_KEY = "era3d_photo"  # of the photo's camera: photo's size, sensor in mm, shift


def build_view_camera(name: str, view: View, render: bpy.types.RenderSettings) -> bpy.types.Object:
    """Return the orthographic camera of a view."""
    camera = _camera(name, view.name, Matrix(view.matrix_world.tolist()))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = view.ortho_scale
    _frame(camera.data, (1, 1), render)
    return camera


def build_reference_camera(
    name: str, reference: Reference, render: bpy.types.RenderSettings
) -> bpy.types.Object:
    """Return the perspective camera that matches the reference photo."""
    camera = _camera(name, REFERENCE, Matrix.Identity(4))
    camera.data.type = "PERSP"
    place_reference_camera(camera, reference, render)
    return camera


def place_reference_camera(
    camera: bpy.types.Object, reference: Reference, render: bpy.types.RenderSettings
) -> None:
    """Give the photo's camera the pose and lens that a job has for it now."""
    camera.matrix_local = Matrix(reference.matrix_world.tolist())
    camera.data.lens = reference.lens_mm
    camera[PHOTO_KEY] = [*reference.resolution, reference.sensor_mm, *reference.shift]
    refit(camera, render)


def attach(camera: bpy.types.Object, root: bpy.types.Object) -> None:
    """Let a camera go wherever the root goes, and see as much more as the root is scaled.

    Blender ignores the scale of a camera, UV Project does not: it is kept at one, and the camera's
    lengths are driven by the root's scale.
    """
    camera.parent = root
    limit = camera.constraints.new("LIMIT_SCALE")
    for axis in "xyz":
        for end in ("min", "max"):
            setattr(limit, f"use_{end}_{axis}", True)
            setattr(limit, f"{end}_{axis}", 1.0)
    lengths = ["clip_start", "clip_end"]
    for name in lengths + (["ortho_scale"] if camera.data.type == "ORTHO" else []):
        driver = camera.data.driver_add(name).driver
        variable = driver.variables.new()
        variable.name, variable.type = "size", "TRANSFORMS"
        target = variable.targets[0]
        target.id, target.transform_type = root, "SCALE_AVG"
        target.transform_space = "WORLD_SPACE"
        # Simple enough to need no Python at run time.
        driver.expression = f"size * {getattr(camera.data, name):.7g}"


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
    """Fit what a camera's picture spans to the render's shape, which may have changed."""
    data = camera.data
    if PHOTO_KEY not in camera:
        _frame(data, (1, 1), render)
        return
    width, height, sensor, *shift = camera[PHOTO_KEY]
    fitted = _frame(data, (round(width), round(height)), render)
    longer = max(width, height)
    # Blender counts shift in units of the fitted side, the job in units of the longer one.
    data.shift_x, data.shift_y = (each * longer / fitted for each in shift)
    data.sensor_width = data.sensor_height = sensor * fitted / longer


def photo_size(camera: bpy.types.Object) -> tuple[int, int] | None:
    """Return width and height of the photo that a camera matches, if it is a photo's camera."""
    size = camera.get(PHOTO_KEY)
    return None if size is None else (round(size[0]), round(size[1]))


def show_pictures(root: bpy.types.Object) -> None:
    """Let the pictures of all cameras show as the root's settings say."""
    settings = root.era3d
    for camera in cameras_of(root):
        for background in camera.data.background_images:
            kind = background.image.get(KIND_KEY) if background.image else None
            if kind is None:  # the artist's own
                continue
            shown = settings.pictures if kind != PHOTO or settings.pictures == "none" else PHOTO
            background.show_background_image = kind == shown
            background.alpha = settings.opacity
            background.display_depth = "FRONT" if settings.in_front else "BACK"


def next_view(root: bpy.types.Object, current: bpy.types.Object | None, step: int) -> str:
    """Return the view that follows the one a camera shows, round the object."""
    cameras = view_cameras(root)
    if current not in cameras:
        return cameras[0 if step > 0 else -1][VIEW_KEY]
    return cameras[(cameras.index(current) + step) % len(cameras)][VIEW_KEY]


def bind_to_frames(root: bpy.types.Object, scene: bpy.types.Scene) -> list[int]:
    """Bind the cameras of the views to one frame each, from the scene's first on."""
    cameras = view_cameras(root)
    frames = list(range(scene.frame_start, scene.frame_start + len(cameras)))
    for marker in [m for m in scene.timeline_markers if m.camera in cameras or m.frame in frames]:
        if marker.camera is not None:
            scene.timeline_markers.remove(marker)
    for camera, frame in zip(cameras, frames, strict=True):
        refit(camera, scene.render)
        marker = scene.timeline_markers.new(title(camera[VIEW_KEY]), frame=frame)
        marker.camera = camera
    return frames


def _camera(name: str, view: str, matrix: Matrix) -> bpy.types.Object:
    data = bpy.data.cameras.new(name)
    data.display_size = 0.1  # a flat frame where the camera stands, clear of the object
    data.clip_start, data.clip_end = 0.01, 1000.0
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
