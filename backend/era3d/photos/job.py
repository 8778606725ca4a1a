# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The photo's camera of a job: read, refined, and written back."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.cameras import SENSOR_MM
from era3d.errors import InputError
from era3d.export import read_glb
from era3d.files import read_object
from era3d.job import Job
from era3d.lens import lens_of_reference, reference_of_lens
from era3d.lock import holding
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
