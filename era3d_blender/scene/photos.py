# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of photographs that were found for a job, and the points that the photographs share."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .cameras import attach, build_reference_camera, put_behind
from .folder import JobFolderError, read_job, read_photos
from .pictures import load_picture
from .roots import PHOTO, VIEW_KEY, camera_of, job_folder, view_cameras

POINTS = "photos/points.ply"
POINTS_KEY = "era3d_points"  # custom property of the object of points
_POINT = np.dtype([("place", "<f4", 3), ("color", "u1", 3)])
_PROPERTIES = ["float x", "float y", "float z", "uchar red", "uchar green", "uchar blue"]


def import_photos(root: bpy.types.Object, scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Give an imported job a camera for each photograph, and their points; return the cameras.

    Those of an earlier import are replaced.

    Raises
    ------
    JobFolderError
        When the job knows no photographs, or its files are damaged.
    """
    job = read_job(job_folder(root))
    photos, points = read_photos(job.path), _read_points(job.path / POINTS)
    shelf = (view_cameras(root) or [root])[0].users_collection[0]
    cameras = []
    for photo in photos:
        view = f"photo {photo.image.stem}"
        old = camera_of(root, view)
        if old is not None:
            bpy.data.objects.remove(old)
        camera = build_reference_camera(f"{job.path.name} {view}", photo, scene.render)
        camera[VIEW_KEY] = view
        put_behind(camera, load_picture(job, photo.image, PHOTO))
        shelf.objects.link(camera)
        attach(camera, root)
        cameras.append(camera)
    for old in [thing for thing in root.children if POINTS_KEY in thing]:
        bpy.data.objects.remove(old)
    _add_points(f"{job.path.name} points", points, root)
    return cameras


def _read_points(path: Path) -> np.ndarray:
    try:
        header, _, body = path.read_bytes().partition(b"end_header\n")
        lines = header.decode("ascii", "replace").splitlines()
        told = [line[len("property ") :] for line in lines if line.startswith("property ")]
        if told != _PROPERTIES or len(body) % _POINT.itemsize:
            raise JobFolderError(f"{path.name} holds no coloured points")
        return np.frombuffer(body, _POINT)
    except OSError as error:
        raise JobFolderError(f"{path.name} cannot be read: {error}") from error


def _add_points(name: str, points: np.ndarray, root: bpy.types.Object) -> None:
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points["place"].ravel())
    colors = np.concatenate([points["color"] / np.float32(255), np.ones((len(points), 1))], 1)
    attribute = mesh.attributes.new("Color", "BYTE_COLOR", "POINT")
    attribute.data.foreach_set("color_srgb", colors.astype(np.float32).ravel())
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    thing[POINTS_KEY] = True
    thing.hide_render = True
    root.users_collection[0].objects.link(thing)
    thing.parent = root
