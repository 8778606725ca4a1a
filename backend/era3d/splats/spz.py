# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Niantic's SPZ, about a tenth of the size of a PLY: written and read by the library GaussForge."""

import tempfile
from pathlib import Path
from typing import Any

from era3d.errors import InputError
from era3d.splats.cloud import Gaussians
from era3d.splats.ply import read_splat_ply, write_splat_ply


def write_spz(path: str | Path, gaussians: Gaussians) -> None:
    """Write Gaussians in 8 to 24 bits a parameter.

    Raises
    ------
    InputError
        If GaussForge is not installed.
    """
    forge = _forge()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "splats.ply"
        write_splat_ply(plain, gaussians)
        Path(path).write_bytes(_converted(forge, plain.read_bytes(), "ply", "spz", path))


def read_spz(path: str | Path) -> Gaussians:
    """Read Gaussians from an SPZ file.

    Raises
    ------
    InputError
        If it is none, or GaussForge is not installed.
    """
    forge = _forge()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "splats.ply"
        try:
            packed = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error}.") from None
        plain.write_bytes(_converted(forge, packed, "spz", "ply", path))
        return read_splat_ply(plain)


def _forge() -> Any:
    try:
        from gaussforge import GaussForge
    except ImportError:
        raise InputError("SPZ needs GaussForge: pip install 'era3d[spz]'.") from None
    return GaussForge()


def _converted(forge: Any, data: bytes, source: str, target: str, path: str | Path) -> bytes:
    result = forge.convert(data, source, target)
    if not result.get("data"):
        raise InputError(f"{path} cannot be turned from {source} to {target}; is it such a file?")
    return bytes(result["data"])
