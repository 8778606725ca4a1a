# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a painted mesh and the six orthographic cameras as one GLB file, and read it back."""

import io
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.cameras import CAMERA_DISTANCE, VIEWS, camera_to_world, gltf_to_world, world_to_gltf
from era3d.errors import InputError
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

_MAGIC, _VERSION = 0x46546C67, 2
_JSON_CHUNK, _BIN_CHUNK = 0x4E4F534A, 0x004E4942
_FLOAT, _UNSIGNED_INT = 5126, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_NUMPY_TYPES = {_FLOAT: np.dtype("<f4"), _UNSIGNED_INT: np.dtype("<u4")}
_KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_WIDTHS = {kind: width for width, kind in _KINDS.items()}


def write_glb(path: str | Path, mesh: TexturedMesh | ColoredMesh) -> None:
    """Write a GLB file: the mesh, its PBR material, and the six cameras.

    The material's base colour is the texture, or the vertices' colours, which glTF wants linear;
    the normal map goes with it if there is one.

    Parameters
    ----------
    path : path
    mesh : TexturedMesh or ColoredMesh
        In the world frame; the file is in glTF's (Y up, the front looks along +Z).
    """
    buffer = _Buffer()
    position, normals = world_to_gltf(mesh.vertices), world_to_gltf(mesh.normals)
    attributes = {"POSITION": buffer.attribute(position), "NORMAL": buffer.attribute(normals)}
    # The specification wants the bounds of positions.
    bounds = {"min": position.min(0).tolist(), "max": position.max(0).tolist()}
    buffer.accessors[attributes["POSITION"]] |= bounds
    surface: dict[str, Any] = {
        "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
        "metallicFactor": 0.0,
        "roughnessFactor": 1.0,
    }
    material: dict[str, Any] = {"name": "era3d", "pbrMetallicRoughness": surface}
    pictures: list[tuple[str, NDArray[np.uint8]]] = []
    if isinstance(mesh, ColoredMesh):
        attributes["COLOR_0"] = buffer.attribute(srgb_to_linear(mesh.colors))
    else:
        attributes["TEXCOORD_0"] = buffer.attribute(mesh.uv)
        surface["baseColorTexture"] = {"index": len(pictures)}
        pictures.append(("era3d", mesh.image))
        if mesh.normal_map is not None and mesh.tangents is not None:
            tangents = np.concatenate(
                [world_to_gltf(mesh.tangents[:, :3]), mesh.tangents[:, 3:]], 1
            )
            attributes["TANGENT"] = buffer.attribute(tangents)
            material["normalTexture"] = {"index": len(pictures)}
            pictures.append(("era3d_normal", mesh.normal_map))
    primitive = {"attributes": attributes, "indices": buffer.indices(mesh.faces), "material": 0}
    document = _scene(primitive, material) | _textures(pictures, buffer)
    Path(path).write_bytes(_container(document | buffer.description(), bytes(buffer.data)))


def read_glb(path: str | Path) -> TexturedMesh | ColoredMesh:
    """Read a file that `write_glb` wrote.

    Raises
    ------
    InputError
        If it is not such a file.
    """
    try:
        document, blob = _open_container(Path(path).read_bytes())
        primitive = document["meshes"][0]["primitives"][0]
        attributes = {
            name: _accessor(document, blob, index)
            for name, index in primitive["attributes"].items()
        }
        faces = _accessor(document, blob, primitive["indices"]).reshape(-1, 3).astype(np.int32)
        vertices = gltf_to_world(attributes["POSITION"])
        normals = gltf_to_world(attributes["NORMAL"])
        if "COLOR_0" in attributes:
            return ColoredMesh(vertices, normals, linear_to_srgb(attributes["COLOR_0"]), faces)
        images = [_image(document, blob, image) for image in document["images"]]
        textured = TexturedMesh(vertices, normals, attributes["TEXCOORD_0"], faces, images[0])
        if "TANGENT" not in attributes:
            return textured
        tangents = attributes["TANGENT"]
        tangents = np.concatenate([gltf_to_world(tangents[:, :3]), tangents[:, 3:]], 1)
        return replace(textured, tangents=tangents, normal_map=images[1])
    except (KeyError, IndexError, ValueError, OSError, struct.error) as error:
        raise InputError(f"{path} is not a GLB file that Era3D wrote: {error}.") from None


def srgb_to_linear(color: NDArray[np.floating]) -> NDArray[np.float32]:
    """Decode sRGB values, 0..1 (IEC 61966-2-1)."""
    low = color / 12.92
    return np.where(color <= 0.04045, low, ((color + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(color: NDArray[np.floating]) -> NDArray[np.float32]:
    """Encode linear values, 0..1, as sRGB; the inverse of `srgb_to_linear`."""
    high = 1.055 * np.maximum(color, 1e-9) ** (1 / 2.4) - 0.055
    return np.where(color <= 0.0031308, color * 12.92, high).astype(np.float32)


class _Buffer:
    """The binary part of a file while it grows, and what the document says of it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []

    def attribute(self, array: NDArray[np.floating]) -> int:
        """Add numbers (n, width) of the vertices; returns the accessor's index."""
        return self._accessor(array, _FLOAT, _ARRAY_BUFFER)

    def indices(self, faces: NDArray[np.integer]) -> int:
        """Add the corners of faces; returns the accessor's index."""
        return self._accessor(faces.reshape(-1, 1), _UNSIGNED_INT, _ELEMENT_ARRAY_BUFFER)

    def append(self, data: bytes) -> int:
        """Add bytes, aligned to four; returns the buffer view's index."""
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)})
        self.data += data + bytes(-len(data) % 4)
        return len(self.views) - 1

    def description(self) -> dict[str, Any]:
        """What the document says of the buffer."""
        return {
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.data)}],
        }

    def _accessor(self, array: NDArray[Any], component: int, target: int) -> int:
        view = self.append(np.ascontiguousarray(array, _NUMPY_TYPES[component]).tobytes())
        self.views[view]["target"] = target
        kind = _KINDS[array.shape[1]]
        self.accessors.append(
            {"bufferView": view, "componentType": component, "count": len(array), "type": kind}
        )
        return len(self.accessors) - 1


def _scene(primitive: dict[str, Any], material: dict[str, Any]) -> dict[str, Any]:
    """One mesh called ``era3d`` and a camera for each view, named after it."""
    lens = {"xmag": 0.5, "ymag": 0.5, "znear": 0.01, "zfar": 2 * CAMERA_DISTANCE}
    return {
        "asset": {"version": "2.0", "generator": "Era3D for Blender"},
        "scene": 0,
        "scenes": [{"nodes": list(range(1 + len(VIEWS)))}],
        "nodes": [{"name": "era3d", "mesh": 0}, *(_camera_node(view) for view in VIEWS)],
        "meshes": [{"name": "era3d", "primitives": [primitive]}],
        "cameras": [{"name": view, "type": "orthographic", "orthographic": lens} for view in VIEWS],
        "materials": [material],
    }


def _textures(pictures: list[tuple[str, NDArray[np.uint8]]], buffer: _Buffer) -> dict[str, Any]:
    """Named pictures, each a texture of the same index; nothing if there are none."""
    if not pictures:
        return {}
    sampler = {
        "magFilter": _LINEAR,
        "minFilter": _LINEAR_MIPMAP_LINEAR,
        "wrapS": _CLAMP_TO_EDGE,
        "wrapT": _CLAMP_TO_EDGE,
    }
    return {
        "textures": [{"source": index, "sampler": 0} for index in range(len(pictures))],
        "images": [
            {"name": name, "mimeType": "image/png", "bufferView": buffer.append(_png(picture))}
            for name, picture in pictures
        ],
        "samplers": [sampler],
    }


def _camera_node(view: str) -> dict[str, Any]:
    """Node of a view's camera, which looks along its own -Z with Y up, as glTF has it too."""
    columns = np.eye(4)
    columns[:, :3] = world_to_gltf(camera_to_world(view)[:3].T)
    return {"name": view, "camera": VIEWS.index(view), "matrix": columns.reshape(-1).tolist()}


def _png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=4)
    return file.getvalue()


def _container(document: dict[str, Any], blob: bytes) -> bytes:
    """The GLB file's bytes: header, JSON chunk padded by spaces, binary chunk."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
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
    """The array (count, width) that an accessor describes."""
    accessor = document["accessors"][index]
    data = _slice(document, blob, accessor["bufferView"])
    array = np.frombuffer(data, _NUMPY_TYPES[accessor["componentType"]])
    return array.reshape(-1, _WIDTHS[accessor["type"]])


def _image(document: dict[str, Any], blob: bytes, image: dict[str, Any]) -> NDArray[np.uint8]:
    png = _slice(document, blob, image["bufferView"])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def _slice(document: dict[str, Any], blob: bytes, index: int) -> bytes:
    view = document["bufferViews"][index]
    return blob[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
