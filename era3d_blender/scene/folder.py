# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a job folder that anyone may have made: nothing is run, no path leaves the folder."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEMA_VERSION = 1
_LARGEST_JSON = 16 * 1024 * 1024
_MOST_VIEWS = 64
_MOST_PHOTOS = 1000


class JobFolderError(Exception):
    """The folder cannot be brought in; the message is one sentence for the artist."""


@dataclass(frozen=True)
class View:
    """One orthographic camera and the pictures it saw."""

    name: str
    matrix_world: NDArray[np.float64]  # (4, 4) camera to world, Blender's frame
    ortho_scale: float
    color: Path
    normal: Path | None


@dataclass(frozen=True)
class Reference:
    """The perspective camera that matches the reference photo."""

    matrix_world: NDArray[np.float64]  # (4, 4) camera to world, Blender's frame
    lens_mm: float
    sensor_mm: float  # across the longer side of the photo
    resolution: tuple[int, int]  # width, height in pixels
    shift: tuple[float, float]  # in units of the longer side
    image: Path


@dataclass(frozen=True)
class Job:
    """What the scene needs to know of a job folder."""

    path: Path
    views: tuple[View, ...]
    reference: Reference | None
    mesh: Path | None  # None while the job has only views
    texture: Path | None  # None where the vertices carry the colours
    normal_map: Path | None
    coverage: Path | None  # which view coloured each texel
    model: str
    seed: int | None
    versions: str


def read_job(folder: Path) -> Job:
    """Read and check the folder of a job that has its views; the mesh may still be missing.

    Raises
    ------
    JobFolderError
        When a file is missing, broken, from a newer version, or points out of the folder.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise JobFolderError(f"There is no job folder at {folder}")
    cameras = _json(_required(folder, "cameras.json"))
    _check_version(cameras, "cameras.json")
    entries = cameras.get("views")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_VIEWS:
        raise JobFolderError("cameras.json lists no views; run the job again")
    reference = cameras.get("reference")
    request = _optional_json(folder / "request.json")
    _check_version(request, "request.json")
    mesh = _optional(folder, "mesh.glb")
    painted = mesh is not None and request.get("texture") != "vertex"
    return Job(
        path=folder,
        views=tuple(_view(folder, entry) for entry in entries),
        reference=None if reference is None else _reference(folder, reference),
        mesh=mesh,
        texture=_required(folder, "texture.png") if painted else None,
        normal_map=_optional(folder, "normal_map.png") if painted else None,
        coverage=_optional(folder, "coverage.png") if painted else None,
        model=str(request.get("model") or ""),
        seed=request.get("seed") if isinstance(request.get("seed"), int) else None,
        versions=json.dumps(_optional_json(folder / "job.json").get("versions") or {}),
    )


def looks_like_job(folder: Path) -> bool:
    """Tell whether a folder is one that a backend has worked in."""
    return (folder / "request.json").is_file()


def inside(folder: Path, name: object) -> Path:
    """Return the file of a job folder that a relative name means.

    Raises
    ------
    JobFolderError
        When the name is absolute, climbs out, or is a link to somewhere else.
    """
    if not isinstance(name, str) or not name or "\\" in name or "\0" in name:
        raise JobFolderError(f"Not a file name: {name!r}")
    outside = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive
    if outside or ".." in PurePosixPath(name).parts:
        raise JobFolderError(f"A path points out of the job folder: {name}")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise JobFolderError(f"A path points out of the job folder: {name}")
    return path


def _required(folder: Path, name: object) -> Path:
    path = inside(folder, name)
    if not path.is_file():
        raise JobFolderError(f"The job has no {name}; it is unfinished, or not a job folder")
    return path


def _optional(folder: Path, name: str) -> Path | None:
    return _required(folder, name) if (folder / name).is_file() else None


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise JobFolderError(f"{path.name} is too large to be true")
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise JobFolderError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise JobFolderError(f"{path.name} is not a JSON object")
    return record


def _optional_json(path: Path) -> dict[str, Any]:
    return _json(inside(path.parent, path.name)) if path.is_file() else {}


def _check_version(record: dict[str, Any], name: str) -> None:
    version = record.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise JobFolderError(f"{name} is from a newer Era3D; update the add-on to open this job")


def _view(folder: Path, entry: object) -> View:
    if not isinstance(entry, dict):
        raise JobFolderError("cameras.json holds a view that is not an object")
    scale = _numbers(entry.get("ortho_scale"), ())
    if scale <= 0:
        raise JobFolderError("cameras.json holds a camera without size")
    return View(
        name=str(entry.get("name", "view"))[:32],
        matrix_world=_numbers(entry.get("matrix_world"), (4, 4)),
        ortho_scale=float(scale),
        color=_required(folder, entry.get("image")),
        normal=_required(folder, entry["normal"]) if entry.get("normal") else None,
    )


def read_photos(folder: Path) -> tuple[Reference, ...]:
    """Read the cameras of the other photographs that a job knows of.

    Raises
    ------
    JobFolderError
        When there are none, or a photograph is missing or points out of the folder.
    """
    entries = _json(_required(folder, "cameras.json")).get("photos")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_PHOTOS:
        raise JobFolderError("The job has no cameras of photographs: era3d cameras estimate")
    return tuple(_reference(folder, entry) for entry in entries)


def _reference(folder: Path, entry: object) -> Reference:
    if not isinstance(entry, dict):
        raise JobFolderError("cameras.json holds a reference that is not an object")
    width, height = _numbers(entry.get("resolution"), (2,))
    lens, sensor = (float(_numbers(entry.get(key), ())) for key in ("lens_mm", "sensor_mm"))
    if min(width, height) < 1 or min(lens, sensor) <= 0:
        raise JobFolderError("cameras.json holds a reference camera without size")
    shift = _numbers(entry.get("shift", [0, 0]), (2,))
    return Reference(
        matrix_world=_numbers(entry.get("matrix_world"), (4, 4)),
        lens_mm=lens,
        sensor_mm=sensor,
        resolution=(int(width), int(height)),
        shift=(float(shift[0]), float(shift[1])),
        image=_required(folder, entry.get("image")),
    )


def _numbers(value: object, shape: tuple[int, ...]) -> NDArray[np.float64]:
    try:
        numbers = np.array(value, np.float64)
    except (TypeError, ValueError):
        numbers = np.array(math.nan)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise JobFolderError("cameras.json holds a camera with broken numbers")
    return numbers
