# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as a zip: all of it to keep, or what Blender needs of it."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from era3d.files import read_object
from era3d.serve.api.service import JobOf, ServiceOf, check_idle
from era3d.serve.files import list_files
from era3d.serve.refusal import Refusal

router = APIRouter(prefix="/web/jobs/{job}", include_in_schema=False)

_CHUNK = 2**18
_NAME = re.compile(r"[^\w-]+", re.ASCII)
# What only the backend reads, and makes again when it is asked to.
_NOT_FOR_BLENDER = frozenset({"surface.ply", "coverage.png", "preview.png", "alpha.png"})


@router.get("/{kind}.zip")
def archive(
    service: ServiceOf, record: JobOf, kind: Literal["folder", "blender"], name: str = ""
) -> StreamingResponse:
    """Return the folder as a zip with one folder in it.

    ``folder`` holds all files that ``/v1`` shows: unpacked, `era3d rebuild` goes on with it.
    ``blender`` is given of jobs that the add-on can import, and leaves out what it does not read.
    """
    check_idle(record)
    folder = service.store.folder(record)
    names = [each["path"] for each in list_files(folder)]
    if kind == "blender":
        _check_importable(folder, names)
        names = [each for each in names if each not in _NOT_FOR_BLENDER]
    top = _NAME.sub("-", name)[:40].strip("-") or f"era3d-{record.id[:6]}"
    headers = {"Content-Disposition": f'attachment; filename="{top}.zip"'}
    return StreamingResponse(
        zipped(folder, names, top), media_type="application/zip", headers=headers
    )


def zipped(folder: Path, names: list[str], top: str) -> Iterator[bytes]:
    """Yield a zip of some files of a folder, without ever holding more than a piece of it.

    Parameters
    ----------
    folder : Path
    names : list of str
        Paths within the folder, with slashes.
    top : str
        The one folder that the zip holds.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # pictures do not get smaller
        for name in names:
            entry = zipfile.ZipInfo.from_file(folder / name, f"{top}/{name}")
            with (folder / name).open("rb") as source, archive.open(entry, "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._kept += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken


def _check_importable(folder: Path, names: list[str]) -> None:
    """Refuse a job that the add-on would refuse, for want of a file."""
    wanted = {"mesh.glb", "cameras.json", "texture.png"}
    if "cameras.json" in names:
        for camera in read_object(folder / "cameras.json")["views"]:
            wanted |= {camera["image"], camera["normal"]}
    if missing := sorted(wanted - set(names)):
        raise Refusal(
            409,
            f"The job has no {missing[0]}, which Blender needs; run it to the end, as an atlas.",
        )
