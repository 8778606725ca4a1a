# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a job in the formats of others."""

import shutil
from pathlib import Path

from era3d.errors import InputError
from era3d.job import Job
from era3d.progress import Progress, ignore

FORMATS = {
    "colmap": "",
    "transforms": "",
    "gltf": ".glb",
    "obj": ".obj",
    "usd": ".usdc",
    "stl": ".stl",
}
"""Names of formats, and how a file of theirs ends; those without are folders."""


def export(job: Job, name: str, target: Path, progress: Progress = ignore) -> None:
    """Write the result of a job in another format.

    Parameters
    ----------
    job : Job
    name : str
        One of `FORMATS`.
    target : path
        A file, or for photographs a folder, which is made if need be.
    progress : Progress

    Raises
    ------
    InputError
        If the job has no mesh yet, the folder holds other things, or a library is missing.
    """
    source = job.path("mesh.glb")
    if not source.is_file():
        raise InputError(f"{job.folder} has no mesh.glb yet; run the job first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if name == "gltf":
        shutil.copyfile(source, target)
        return
    if not FORMATS[name] and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not an empty folder; choose another one.")
    _write(source, name, target, progress)


def _write(source: Path, name: str, target: Path, progress: Progress) -> None:
    from era3d.export import read_glb
    from era3d.exports import models
    from era3d.exports.colmap import export_colmap
    from era3d.exports.transforms import export_transforms

    mesh = read_glb(source)
    if name in ("colmap", "transforms"):
        (export_colmap if name == "colmap" else export_transforms)(mesh, target, progress)
        return
    writers = {"obj": models.export_obj, "stl": models.export_stl, "usd": models.export_usd}
    writers[name](mesh, target)
