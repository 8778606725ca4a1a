# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder on its way between two machines: names and contents."""

from collections.abc import Mapping
from pathlib import Path

from era3d.files import replacing
from era3d.serve.files import list_files

Parcel = dict[str, bytes | None]
"""Contents by path within a job folder; None for a file that is there no more."""


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that can be sent."""
    return {entry["path"]: entry["sha256"] for entry in list_files(folder)}


def pack(folder: Path, known: Mapping[str, str] | None = None) -> Parcel:
    """Take up a job's files.

    Parameters
    ----------
    folder : Path
    known : Mapping, optional
        Checksums of what the receiver has; only what differs is taken.
    """
    known = known or {}
    now = checksums(folder)
    parcel: Parcel = {
        name: (folder / name).read_bytes()
        for name, checksum in now.items()
        if known.get(name) != checksum
    }
    return parcel | dict.fromkeys(known.keys() - now.keys())


def unpack(parcel: Parcel, folder: Path) -> None:
    """Put a parcel's files into a folder, each whole or not at all."""
    for name, content in parcel.items():
        path = folder / name
        if content is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(content)
