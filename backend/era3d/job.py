# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job folder: request, events and provenance; the contract between all the halves."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TextIO

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.lock import LOCK_FILES, holding

SCHEMA_VERSION = 1
_WAY_OUT = "delete it to start over"
_CHOICES = {
    "source": ("picture", "views"),
    "quality": ("draft", "standard", "reference"),
    "texture": ("atlas", "vertex"),
}
_RANGES = {
    "seed": (0, 2**32 - 1),
    "steps": (1, 1000),
    "guidance": (0.0, 100.0),
    "vram_limit": (0.1, 1024.0),
    "crop_size": (200, 512),
    "cells": (64, 384),
    "faces": (100, 5_000_000),
    "texture_size": (64, 8192),
}


@dataclass(frozen=True)
class Request:
    """What was asked; ``request.json`` of a job folder.

    Attributes
    ----------
    source : str
        ``"picture"``: the views come from the model; ``"views"``: they were given.
    crop_size : int
        Pixels that the subject's longer side takes of the 512 that the model sees.
    model : str
        ``mini``, ``6view``, ``ortho``, the name of an imported model or the folder of a checkpoint.
    views_from : str
        Empty: a model on this machine makes the views. ``space:OWNER/NAME`` or ``space:https://…``:
        a Gradio Space with Era3D does, to which the cut-out picture is sent.
    seed : int
        Of all random numbers of the job.
    quality : str
        ``draft``, ``standard`` or ``reference``: how many steps of which schedule.
    steps, guidance : int, float or None
        Sampling steps and guidance scale; None leaves them to the quality and the model.
    device : str
        ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``xpu``.
    vram_limit : float or None
        Gigabytes of the device's memory that the model may use; None: what is free.
    method : str
        ``levelset``, ``hull`` (a preview) or the name of a registered method.
    cells : int
        Voxels on the object's longest side while the mesh is fused; fewer are quicker and coarser.
    faces : int
        Triangles that the mesh is decimated to, about.
    symmetric : bool
        The object is its own mirror image at a plane across the front view's x axis.
    refine : bool
        The vertices follow the normal maps at full size; for views that agree well.
    isotropic : bool
        Triangles that are nearly equilateral and of one size.
    view_weights : tuple of float
        How far each view is trusted, 0 (not at all) to 1, in the views' order.
    texture : str
        ``atlas``: a picture by UV coordinates; ``vertex``: a colour a vertex.
    texture_size : int
        Width and height of the texture in pixels.
    normal_map : bool
        Bake the views' normals into a tangent-space normal map.
    splats : bool
        Make Gaussian splats of the result as well.
    """

    source: str = "picture"
    crop_size: int = 420
    model: str = "mini"
    views_from: str = ""
    seed: int = 0
    quality: str = "standard"
    steps: int | None = None
    guidance: float | None = None
    device: str = "auto"
    vram_limit: float | None = None
    method: str = "levelset"
    cells: int = 176
    faces: int = 30_000
    symmetric: bool = False
    refine: bool = False
    isotropic: bool = False
    view_weights: tuple[float, ...] = (1.0,) * 6
    texture: str = "atlas"
    texture_size: int = 1024
    normal_map: bool = False
    splats: bool = False
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        for name in ("crop_size", "seed", "steps", "cells", "faces", "texture_size"):
            value = getattr(self, name)
            fits = type(value) is int or (value is None and name == "steps")
            _check(name, value, fits, "a whole number")
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            _check(name, value, value in choices, " or ".join(choices))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            _check(name, value, value is None or low <= value <= high, f"{low:,} to {high:,}")
        _check("views_from", self.views_from, isinstance(self.views_from, str), "a text")
        if self.views_from:
            from era3d.sources.address import parse_source

            parse_source(self.views_from)
        for name in ("symmetric", "refine", "isotropic", "normal_map", "splats"):
            value = getattr(self, name)
            _check(name, value, isinstance(value, bool), "true or false")
        # JSON has no tuples.
        object.__setattr__(self, "view_weights", tuple(self.view_weights))
        fits = len(self.view_weights) == 6 and all(0.0 <= each <= 1.0 for each in self.view_weights)
        _check("view_weights", self.view_weights, fits, "six numbers from 0 to 1")


class Job:
    """A job folder.

    Parameters
    ----------
    folder : path
        An existing job folder; `create` makes a new one.

    Raises
    ------
    InputError
        If the folder holds no job, a broken one, or one of a newer version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "request.json").is_file():
            raise InputError(f"{folder} is not a job folder: it has no request.json.")
        self.request = parse_request(read_object(self.folder / "request.json", way_out=_WAY_OUT))
        self._record = read_object(self.folder / "job.json", {"stages": {}}, _WAY_OUT)
        _check_version(self._record, self.folder / "job.json")

    @classmethod
    def create(cls, folder: str | Path, request: Request) -> "Job":
        """Make a job folder, or ask something else of an existing one (what is done stays)."""
        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file; choose a folder for the job.")
        if not (folder / "request.json").is_file() and _holds_other_things(folder):
            raise InputError(f"{folder} is not empty and not a job; choose another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        with holding(folder):
            if (folder / "request.json").is_file():
                cls(folder)  # refuses what a newer version made before anything is overwritten
            write_object(folder / "request.json", asdict(request))
        return cls(folder)

    def change(self, values: Mapping[str, Any]) -> None:
        """Ask for something else in some entries of the request.

        Raises
        ------
        InputError
            If an entry is unknown, of the wrong type or out of range; nothing is changed then.
        """
        if values:
            self.request = parse_request(asdict(self.request) | dict(values))
            with holding(self.folder):
                write_object(self.folder / "request.json", asdict(self.request))

    def path(self, name: str) -> Path:
        """Path of a file of this job."""
        return self.folder / name

    def finished(self, stage: str) -> dict[str, Any] | None:
        """What job.json tells of a stage: input_hash, outputs, seconds, peak memory, details."""
        return self._record["stages"].get(stage)

    def details(self, stage: str) -> dict[str, Any]:
        """What job.json tells of a stage that must be finished."""
        entry = self.finished(stage)
        if entry is None:
            raise InputError(f"{self.folder}: the stage {stage} has not run; run the job first.")
        return entry

    def record(self, stage: str, entry: dict[str, Any], about: dict[str, Any]) -> None:
        """Write down that a stage is finished, and with which versions."""
        self._record["stages"][stage] = entry
        self._record.update(about, schema_version=SCHEMA_VERSION)
        write_object(self.folder / "job.json", self._record)

    def forget(self, stage: str) -> None:
        """Let a stage run again even if nothing changed."""
        if self._record["stages"].pop(stage, None) is not None:
            write_object(self.folder / "job.json", self._record)

    def events(self) -> "EventLog":
        """Open events.jsonl to append."""
        return EventLog(self.folder / "events.jsonl")


@dataclass
class EventLog:
    """Appends one JSON object a line; each line is written at once and whole."""

    path: Path
    listeners: list[Any] = field(default_factory=list)
    _file: TextIO | None = None

    def emit(self, kind: str, **values: Any) -> None:
        """Append an event; values that are None are left out."""
        event = {"time": round(time.time(), 3), "kind": kind}
        self.repeat(event | {key: value for key, value in values.items() if value is not None})

    def repeat(self, event: dict[str, Any]) -> None:
        """Append an event that happened elsewhere, as it is."""
        if self._file is None:
            # A line that a crash cut short must not swallow the next one.
            mend = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
            self._file = self.path.open("a", encoding="utf-8")
            self._file.write("\n" if mend and self.path.stat().st_size else "")
        self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
        self._file.flush()
        for listener in self.listeners:
            listener(event)

    def close(self) -> None:
        """Close the file; a later `emit` opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def hash_inputs(settings: dict[str, Any], files: Iterable[Path]) -> str:
    """SHA-256 over settings and the contents of files (names count, folders do not)."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _holds_other_things(folder: Path) -> bool:
    """Whether a folder holds more than what whoever starts us may have put there already."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return bool(names - LOCK_FILES - {"log.txt", "events.jsonl", "picture.png", "mask.png"})


def parse_request(values: dict[str, Any]) -> Request:
    """Read what request.json holds.

    Raises
    ------
    InputError
        If an entry is unknown, of the wrong type or out of range.
    """
    _check_version(values, Path("request.json"))
    known = {f.name for f in fields(Request)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(f"request.json has an entry this version does not know: {unknown[0]}.")
    try:
        return Request(**values)
    except TypeError as error:
        raise InputError(f"request.json holds a value of the wrong type: {error}.") from None


def _check_version(values: dict[str, Any], path: Path) -> None:
    version = values.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise InputError(
            f"{path} was written by a newer version (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); update Era3D to open this job."
        )


def _check(name: str, value: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise InputError(f"{name} is {value}; it must be {allowed}.")
