# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PLY of Gaussian splats as columns of numbers. No bpy in here.

Files of millions of splats are mapped rather than read: only what is asked for is touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PLACE = ("x", "y", "z")
COLOR = ("f_dc_0", "f_dc_1", "f_dc_2")
OPACITY = "opacity"
SCALE = ("scale_0", "scale_1", "scale_2")
ROTATION = ("rot_0", "rot_1", "rot_2", "rot_3")
REQUIRED = (*PLACE, *COLOR, OPACITY, *SCALE, *ROTATION)
_KINDS = {"float": "f4", "float32": "f4", "double": "f8", "float64": "f8"}
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 64 * 1024


class SplatFileError(Exception):
    """The file holds no splats; the message is one sentence for the artist."""


@dataclass(frozen=True)
class SplatFile:
    """A file of splats.

    Attributes
    ----------
    names : tuple of str
        Its properties in their order.
    rows : (n,) structured
        Mapped to the file, or read from it.
    """

    names: tuple[str, ...]
    rows: NDArray[np.void]

    def column(self, name: str) -> NDArray[np.float32]:
        """Return the values of a property."""
        return self.rows[name].astype(np.float32)

    def thinned(self, step: int) -> SplatFile:
        """Return every ``step``-th splat, read in one go over the file."""
        return SplatFile(self.names, np.array(self.rows[::step]))


def open_splats(path: Path) -> SplatFile:
    """Map a file of splats.

    Raises
    ------
    SplatFileError
        When it is no binary PLY, a mesh, or lacks a property that splats have.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST_HEADER)
        header, mark, _ = head.partition(b"end_header\n")
        if not head.startswith(b"ply") or not mark:
            raise SplatFileError(f"{path.name} is not a PLY file")
        row, count, names = _row(path, header.decode("ascii", "replace").splitlines())
        rows = np.memmap(path, row, "r", len(header) + len(mark), (count,))
    except (OSError, ValueError) as error:
        raise SplatFileError(f"{path.name} cannot be read: {error}") from error
    return SplatFile(names, rows)


def check_numbers(splats: SplatFile, path: Path) -> None:
    """Refuse splats whose place, size or turn is no number.

    Raises
    ------
    SplatFileError
    """
    for name in (*PLACE, *SCALE, *ROTATION):
        bad = int((~np.isfinite(splats.column(name))).sum())
        if bad:
            raise SplatFileError(f"{path.name}: {bad:,} splats have no number for {name}")


def write_splats(path: Path, columns: Mapping[str, NDArray[np.float32]]) -> None:
    """Write columns of equal length as a binary PLY, in their order."""
    row = np.dtype([(name, "<f4") for name in columns])
    rows = np.empty(len(next(iter(columns.values()))), row)
    for name, values in columns.items():
        rows[name] = values
    properties = "".join(f"property float {name}\n" for name in columns)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(rows)}\n{properties}"
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(f"{header}end_header\n".encode("ascii") + rows.tobytes())
    temporary.replace(path)


def _row(path: Path, lines: list[str]) -> tuple[np.dtype, int, tuple[str, ...]]:
    """Return the layout of the vertices, their number and the names of their properties."""
    words = [line.split() for line in lines if line and not line.startswith("comment")]
    order = next((_ORDERS.get(each[1]) for each in words if each[0] == "format"), None)
    if order is None:
        raise SplatFileError(f"{path.name} is a text PLY: save it as binary first")
    elements = [each for each in words if each[0] == "element"]
    if not elements or elements[0][1] != "vertex" or int(elements[0][2]) < 1:
        raise SplatFileError(f"{path.name} has no points")
    start = words.index(elements[0]) + 1
    end = words.index(elements[1]) if len(elements) > 1 else len(words)
    properties = [each for each in words[start:end] if each[0] == "property"]
    missing = sorted(set(REQUIRED) - {each[-1] for each in properties})
    if missing:
        mesh = any(each[1] == "face" for each in elements)
        if mesh or len(missing) == len(REQUIRED) - len(PLACE):
            kind = "a mesh" if mesh else "a cloud of plain points"
            raise SplatFileError(f"{path.name} is {kind}, not splats: use Import > Stanford PLY")
        raise SplatFileError(f"{path.name} lacks {', '.join(missing)}")
    other = [each[-1] for each in properties if each[1] not in _KINDS]
    if other:
        raise SplatFileError(f"{path.name}: {other[0]} is not a float")
    names = tuple(each[-1] for each in properties)
    row = np.dtype([(each[-1], order + _KINDS[each[1]]) for each in properties])
    return row, int(elements[0][2]), names
