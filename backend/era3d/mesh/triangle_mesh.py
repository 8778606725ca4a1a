# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A triangle mesh as arrays, and its PLY file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from era3d.errors import InputError

_HEADER = """ply
format binary_little_endian 1.0
comment Blender's frame: right-handed, Z up, front towards -Y, the images span one unit
element vertex {}
property float x
property float y
property float z
element face {}
property list uchar int vertex_indices
end_header
"""
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", (3,))])


@dataclass(frozen=True)
class TriangleMesh:
    """Vertices and triangles.

    Attributes
    ----------
    vertices : (n, 3) float32
        World frame, units.
    faces : (m, 3) int32
        Corners counter-clockwise as seen from outside.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]

    def signed_volume(self) -> float:
        """Volume in cubic units; positive where the faces point outward."""
        a, b, c = (self.vertices[self.faces[:, k]].astype(np.float64) for k in range(3))
        return float((a * np.cross(b, c)).sum() / 6.0)


def write_ply(path: str | Path, mesh: TriangleMesh) -> None:
    """Write a mesh as binary little-endian PLY."""
    faces = np.empty(len(mesh.faces), _FACE)
    faces["count"] = 3
    faces["corners"] = mesh.faces
    header = _HEADER.format(len(mesh.vertices), len(mesh.faces)).encode("ascii")
    Path(path).write_bytes(header + mesh.vertices.astype("<f4").tobytes() + faces.tobytes())


def read_ply(path: str | Path) -> TriangleMesh:
    """Read a mesh that `write_ply` wrote.

    Raises
    ------
    InputError
        If the file is something else or ends early.
    """
    data = Path(path).read_bytes()
    head, mark, body = data.partition(b"end_header\n")
    lines = (head + mark).decode("ascii", "replace").split("\n")
    counts = [line.split()[-1] for line in lines if line.startswith("element")]
    if len(counts) != 2 or "\n".join(lines) != _HEADER.format(*counts):
        raise InputError(f"{path} is not a mesh written by era3d.")
    vertices, faces = (int(count) for count in counts)
    if len(body) != 12 * vertices + _FACE.itemsize * faces:
        raise InputError(f"{path} is incomplete; make the mesh again.")
    points = np.frombuffer(body, "<f4", 3 * vertices).reshape(-1, 3).astype(np.float32)
    corners = np.frombuffer(body, _FACE, faces, 12 * vertices)["corners"].astype(np.int32)
    return TriangleMesh(points, corners)
