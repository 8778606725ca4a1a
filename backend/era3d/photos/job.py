# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of photographs in a job folder: that of its picture, and those of others."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.cameras import SENSOR_MM
from era3d.errors import InputError
from era3d.export import read_glb
from era3d.exports.points import write_points
from era3d.files import read_object, scratch_folder, write_object
from era3d.job import Job
from era3d.lens import lens_of_reference, reference_of_lens
from era3d.lock import holding
from era3d.photos.motion import Reconstructed, reconstruct
from era3d.photos.refine import Refined, refine_camera
from era3d.progress import Progress, ignore
from era3d.stages.files import write_cameras


def refine_job(job: Job, progress: Progress = ignore) -> Refined:
    """Refine the photo's camera of a job; cameras.json changes only if the new one fits better.

    Raises
    ------
    InputError
        If the job has no mesh, no photo or no estimate of its camera.
    """
    if not job.path("mesh.glb").is_file():
        raise InputError(f"{job.folder} has no mesh.glb yet; run the job first.")
    with holding(job.folder):
        reference = read_object(job.path("cameras.json")).get("reference")
        if reference is None:
            raise InputError(f"{job.folder} knows no camera of its photo; there is none to refine.")
        start = lens_of_reference(reference)
        mesh = read_glb(job.path("mesh.glb"))
        found = refine_camera(mesh, _photo(job, (start.width, start.height)), start, progress)
        if found.accepted:
            write_cameras(job, reference_of_lens(found.lens, SENSOR_MM))
    return found


POINTS = "photos/points.ply"
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


def photos_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder by their names.

    Raises
    ------
    InputError
        If it is no folder, or has none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of photographs.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    if not found:
        raise InputError(f"{folder} holds no photographs ({', '.join(_ENDINGS)}).")
    return found


def estimate_job(job: Job, photos: Sequence[Path], progress: Progress = ignore) -> Reconstructed:
    """Find the cameras of photographs of a job's object, and keep both in the job.

    The photographs go to the folder ``photos`` with ``points.ply``, the points that they share;
    their cameras are the entry ``photos`` of cameras.json.

    Raises
    ------
    InputError
        If the job has no mesh, or no place is found for any photograph; see `reconstruct`.
    """
    if not job.path("mesh.glb").is_file():
        raise InputError(f"{job.folder} has no mesh.glb yet; run the job first.")
    mesh = read_glb(job.path("mesh.glb"))
    with holding(job.folder):
        with scratch_folder(job.folder) as workspace:
            found = reconstruct(mesh, photos, workspace, progress)
        folder = job.path("photos")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        placed = {lens.name for lens in found.lenses}
        for path in photos:
            if path.name in placed:
                shutil.copyfile(path, folder / path.name)
        write_points(job.path(POINTS), found.points, found.colors)
        entries = [reference_of_lens(lens, SENSOR_MM) for lens in found.lenses]
        photographs = [entry | {"image": f"photos/{entry['image']}"} for entry in entries]
        cameras = read_object(job.path("cameras.json"))
        write_object(job.path("cameras.json"), cameras | {"photos": photographs})
    return found


def _photo(job: Job, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The photo (height, width, 4) with its cut-out, if the job has one, as alpha."""
    from era3d.prepare import read_picture

    picture = read_picture(job.path("input.png")).convert("RGBA")
    if picture.size != size:
        raise InputError(f"{job.path('input.png')} is not the photo that cameras.json tells of.")
    if job.path("alpha.png").is_file():
        with Image.open(job.path("alpha.png")) as alpha:
            picture.putalpha(alpha.convert("L").resize(size))
    return np.array(picture)
