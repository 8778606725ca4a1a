# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a textured mesh and the six orthographic cameras as one GLB file, and read it back."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.cameras import CAMERA_DISTANCE, VIEWS, camera_to_world, gltf_to_world, world_to_gltf
from era3d.errors import InputError
from era3d.texture.textured_mesh import TexturedMesh

_MAGIC, _VERSION = 0x46546C67, 2
_JSON_CHUNK, _BIN_CHUNK = 0x4E4F534A, 0x004E4942
_FLOAT, _UNSIGNED_INT = 5126, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_NUMPY_TYPES = {_FLOAT: np.dtype("<f4"), _UNSIGNED_INT: np.dtype("<u4")}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


def write_glb(path: str | Path, textured: TexturedMesh) -> None:
    """Write a GLB file: the mesh, its texture in a PBR material, and the six cameras.

    Parameters
    ----------
    path : path
    textured : TexturedMesh
        In the world frame; the file is in glTF's (Y up, the front looks along +Z).
    """
    arrays = [
        (world_to_gltf(textured.vertices), "VEC3", _FLOAT, _ARRAY_BUFFER),
        (world_to_gltf(textured.normals), "VEC3", _FLOAT, _ARRAY_BUFFER),
        (textured.uv, "VEC2", _FLOAT, _ARRAY_BUFFER),
        (textured.faces.reshape(-1), "SCALAR", _UNSIGNED_INT, _ELEMENT_ARRAY_BUFFER),
    ]
    accessors: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    blob = bytearray()
    for index, (array, kind, component, target) in enumerate(arrays):
        data = np.ascontiguousarray(array, _NUMPY_TYPES[component])
        accessors.append(
            {"bufferView": index, "componentType": component, "count": len(data), "type": kind}
        )
        views.append(_append(blob, data.tobytes()) | {"target": target})
    # The specification wants the bounds of positions.
    position = arrays[0][0]
    accessors[0] |= {"min": position.min(0).tolist(), "max": position.max(0).tolist()}
    views.append(_append(blob, _png(textured.image)))
    Path(path).write_bytes(_container(_document(accessors, views, len(blob)), bytes(blob)))


def read_glb(path: str | Path) -> TexturedMesh:
    """Read a file that `write_glb` wrote.

    Raises
    ------
    InputError
        If it is not such a file.
    """
    try:
        document, blob = _open_container(Path(path).read_bytes())
        primitive = document["meshes"][0]["primitives"][0]
        named = primitive["attributes"]
        position, normal, uv = (
            _accessor(document, blob, named[name]) for name in ("POSITION", "NORMAL", "TEXCOORD_0")
        )
        faces = _accessor(document, blob, primitive["indices"]).reshape(-1, 3).astype(np.int32)
        png = _slice(document, blob, document["images"][0]["bufferView"])
        image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    except (KeyError, IndexError, ValueError, OSError, struct.error) as error:
        raise InputError(f"{path} is not a GLB file that Era3D wrote: {error}.") from None
    return TexturedMesh(gltf_to_world(position), gltf_to_world(normal), uv, faces, image)


def _document(
    accessors: list[dict[str, Any]], views: list[dict[str, Any]], size: int
) -> dict[str, Any]:
    """The JSON part: one mesh called ``era3d`` and a camera for each view, named after it."""
    mesh = {"attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3}
    surface = {
        "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
        "baseColorTexture": {"index": 0},
        "metallicFactor": 0.0,
        "roughnessFactor": 1.0,
    }
    lens = {"xmag": 0.5, "ymag": 0.5, "znear": 0.01, "zfar": 2 * CAMERA_DISTANCE}
    return {
        "asset": {"version": "2.0", "generator": "Era3D for Blender"},
        "scene": 0,
        "scenes": [{"nodes": list(range(1 + len(VIEWS)))}],
        "nodes": [{"name": "era3d", "mesh": 0}, *(_camera_node(view) for view in VIEWS)],
        "meshes": [{"name": "era3d", "primitives": [{**mesh, "material": 0}]}],
        "cameras": [{"name": view, "type": "orthographic", "orthographic": lens} for view in VIEWS],
        "materials": [{"name": "era3d", "pbrMetallicRoughness": surface}],
        "textures": [{"source": 0, "sampler": 0}],
        "images": [{"name": "era3d", "mimeType": "image/png", "bufferView": len(views) - 1}],
        "samplers": [
            {
                "magFilter": _LINEAR,
                "minFilter": _LINEAR_MIPMAP_LINEAR,
                "wrapS": _CLAMP_TO_EDGE,
                "wrapT": _CLAMP_TO_EDGE,
            }
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": size}],
    }


def _camera_node(view: str) -> dict[str, Any]:
    """Node of a view's camera, which looks along its own -Z with Y up, as glTF has it too."""
    columns = np.eye(4)
    columns[:, :3] = world_to_gltf(camera_to_world(view)[:3].T)
    return {"name": view, "camera": VIEWS.index(view), "matrix": columns.reshape(-1).tolist()}


def _append(blob: bytearray, data: bytes) -> dict[str, Any]:
    """Add bytes to the buffer, aligned to four, and say where they lie."""
    view = {"buffer": 0, "byteOffset": len(blob), "byteLength": len(data)}
    blob += data + bytes(-len(data) % 4)
    return view


def _png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=4)
    return file.getvalue()


def _container(document: dict[str, Any], blob: bytes) -> bytes:
    """The GLB file's bytes: header, JSON chunk padded by spaces, binary chunk padded by zeros."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    blob += bytes(-len(blob) % 4)
    size = 12 + 8 + len(text) + 8 + len(blob)
    return b"".join(
        [
            struct.pack("<III", _MAGIC, _VERSION, size),
            struct.pack("<II", len(text), _JSON_CHUNK),
            text,
            struct.pack("<II", len(blob), _BIN_CHUNK),
            blob,
        ]
    )


def _open_container(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, _ = struct.unpack_from("<III", data)
    length, kind = struct.unpack_from("<II", data, 12)
    if (magic, version, kind) != (_MAGIC, _VERSION, _JSON_CHUNK):
        raise ValueError("it does not start like one")
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def _accessor(document: dict[str, Any], blob: bytes, index: int) -> NDArray[Any]:
    """The array that an accessor describes, (count, width) or (count,)."""
    accessor = document["accessors"][index]
    data = _slice(document, blob, accessor["bufferView"])
    array = np.frombuffer(data, _NUMPY_TYPES[accessor["componentType"]])
    width = _WIDTHS[accessor["type"]]
    return array.reshape(-1, width) if width > 1 else array


def _slice(document: dict[str, Any], blob: bytes, index: int) -> bytes:
    view = document["bufferViews"][index]
    return blob[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
