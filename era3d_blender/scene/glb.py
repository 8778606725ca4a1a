# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the triangles of a binary glTF into Blender's frame. No bpy in here.

Why not Blender's own importer: it needs an operator context, selects and links objects as it goes,
names and nests cameras its own way, keeps the vertices split at UV seams, and differs between
versions. A job's mesh needs none of it, and a stranger's file gets every bound checked here.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC, _JSON_CHUNK, _BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
_COMPONENT = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES = 4


class GlbError(Exception):
    """The file is not a glTF we can read; the message is one sentence."""


@dataclass(frozen=True)
class Triangles:
    """A mesh whose vertices are shared across UV seams.

    Attributes
    ----------
    vertices : (n, 3) float32
        Blender's world frame, units.
    faces : (m, 3) int32
    uv : (m, 3, 2) float32
        Per corner, v upwards from the bottom of the image.
    colors : (n, 3) float32 or None
        Linear, per vertex, where the file has them in place of a texture.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]
    colors: NDArray[np.float32] | None = None


def read_glb(path: Path) -> Triangles:
    """Read all triangles of the default scene.

    Raises
    ------
    GlbError
        When the file is damaged or uses what Era3D never writes.
    """
    try:
        gltf, binary = _chunks(path.read_bytes())
        parts = [_primitive(gltf, binary, *found) for found in _primitives(gltf)]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError) as error:
        raise GlbError(f"{path.name} is damaged: {error}") from error
    if not parts:
        raise GlbError(f"{path.name} holds no mesh")
    return _merge(parts)


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, _length = struct.unpack_from("<III", data.ljust(12, b"\0"))
    if magic != _MAGIC or version != 2:
        raise GlbError("mesh.glb is not a binary glTF 2 file")
    found: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > len(data):
            raise ValueError("it ends too early")
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    return json.loads(found[_JSON_CHUNK]), found.get(_BIN_CHUNK, b"")


def _primitives(gltf: dict[str, Any]) -> list[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Return each triangle primitive of the scene with its node's matrix in glTF's frame."""
    nodes = gltf.get("nodes", [])
    scene = gltf["scenes"][gltf.get("scene", 0)]
    open_nodes = [(index, np.eye(4)) for index in scene.get("nodes", [])]
    found, seen = [], set()
    while open_nodes:
        index, parent = open_nodes.pop()
        if index in seen:
            raise ValueError("its nodes form a loop")
        seen.add(index)
        matrix = parent @ _node_matrix(nodes[index])
        open_nodes += [(child, matrix) for child in nodes[index].get("children", [])]
        if "mesh" in nodes[index]:
            primitives = gltf["meshes"][nodes[index]["mesh"]]["primitives"]
            found += [(p, matrix) for p in primitives if p.get("mode", _TRIANGLES) == _TRIANGLES]
    return found


def _node_matrix(node: dict[str, Any]) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _primitive(
    gltf: dict[str, Any], binary: bytes, primitive: dict[str, Any], matrix: NDArray[np.float64]
) -> Triangles:
    attributes = primitive["attributes"]
    gltf_frame = _accessor(gltf, binary, attributes["POSITION"]).astype(np.float64)
    x, y, z = (gltf_frame @ matrix[:3, :3].T + matrix[:3, 3]).T
    vertices = np.stack([x, -z, y], axis=1).astype(np.float32)  # Y up to Z up
    if "indices" in primitive:
        faces = _accessor(gltf, binary, primitive["indices"]).reshape(-1, 3).astype(np.int64)
    else:
        faces = np.arange(len(vertices)).reshape(-1, 3)
    if "TEXCOORD_0" in attributes:
        uv = _accessor(gltf, binary, attributes["TEXCOORD_0"]).astype(np.float32)
    else:
        uv = np.zeros((len(vertices), 2), np.float32)
    if faces.size and (faces.max() >= len(vertices) or len(uv) != len(vertices)):
        raise ValueError("a triangle has a vertex that does not exist")
    colors = None
    if "COLOR_0" in attributes:
        colors = _accessor(gltf, binary, attributes["COLOR_0"])[:, :3].astype(np.float32)
        if len(colors) != len(vertices):
            raise ValueError("a vertex has no colour")
    if not all(np.isfinite(a).all() for a in (vertices, uv, colors) if a is not None):
        raise ValueError("a coordinate or a colour is not a number")
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]
    corners = uv[faces] * np.float32([1, -1]) + np.float32([0, 1])  # glTF's v runs downwards
    return Triangles(vertices, faces.astype(np.int32), corners, colors)


def _accessor(gltf: dict[str, Any], binary: bytes, index: int) -> NDArray[Any]:
    """Return an accessor's (count,) or (count, width) array; normalised integers become floats."""
    accessor = gltf["accessors"][index]
    view = gltf["bufferViews"][accessor["bufferView"]]
    if view.get("buffer", 0) != 0 or "uri" in gltf["buffers"][0] or "sparse" in accessor:
        raise ValueError("its data are not all inside it")
    kind = np.dtype(_COMPONENT[accessor["componentType"]])
    width, count = _WIDTH[accessor["type"]], accessor["count"]
    stride = view.get("byteStride", kind.itemsize * width)
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    last = start + stride * (count - 1) + kind.itemsize * width
    if count < 1 or stride < kind.itemsize * width or start < 0 or last > len(binary):
        raise ValueError("an accessor lies outside the data")
    array = np.ndarray((count, width), kind, binary, start, (stride, kind.itemsize))
    if accessor.get("normalized"):
        array = array.astype(np.float32) / np.iinfo(kind).max
    return array[:, 0] if width == 1 else array


def _merge(parts: list[Triangles]) -> Triangles:
    """Join parts and make one vertex of those at the same place, so that seams do not tear."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + at for part, at in zip(parts, offsets, strict=True)])
    uv = np.concatenate([part.uv for part in parts])
    vertices = np.concatenate([part.vertices for part in parts]) + np.float32(0)  # no -0.0
    keys = np.ascontiguousarray(vertices).view(np.dtype((np.void, 12))).ravel()
    _, first, merged = np.unique(keys, return_index=True, return_inverse=True)
    faces = merged.reshape(-1)[faces].astype(np.int32)
    whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    colors = None
    if all(part.colors is not None for part in parts):
        colors = np.concatenate([part.colors for part in parts])[first]
    return Triangles(vertices[first], faces[whole], uv[whole], colors)
