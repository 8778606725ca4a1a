# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder made by hand: a block letter that differs from its mirror image, six clean views.

Written without the backend and without the add-on, so that a mistake in either shows.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np

AZIMUTHS = {"front": 0, "front_right": 45, "right": 90, "back": 180, "left": 270, "front_left": 315}
SIZE = 128
DISTANCE = 1.5
# A letter F seen from the front: (low corner, high corner) in the world, front at -Y.
BOXES = (
    ((-0.20, -0.10, -0.40), (-0.08, 0.10, 0.35)),
    ((-0.08, -0.10, 0.23), (0.22, 0.10, 0.35)),
    ((-0.08, -0.10, -0.02), (0.10, 0.10, 0.10)),
)
# Colour by the side a face looks at: front, right, back, left, top, bottom.
SIDES = np.array([(0, -1, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1)], float)
COLOURS = np.array(
    [(200, 60, 40), (60, 170, 70), (50, 80, 190), (200, 180, 50), (180, 70, 180), (60, 170, 180)],
    np.uint8,
)
_TEXTURE_CELL = 16  # the texture is a row of six cells, with a black row at its bottom half


def triangles() -> tuple[np.ndarray, np.ndarray]:
    """Triangles (n, 3, 3) of the letter in world units, outward, and the side (n,) of each."""
    corners, sides = [], []
    for low, high in BOXES:
        for side, normal in enumerate(SIDES):
            axis = int(np.flatnonzero(normal)[0])
            u, v = (axis + 1) % 3, (axis + 2) % 3
            if normal[axis] < 0:
                u, v = v, u
            quad = np.tile(np.array(high if normal[axis] > 0 else low, float), (4, 1))
            for corner, (cu, cv) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
                quad[corner, u] = (low, high)[cu][u]
                quad[corner, v] = (low, high)[cv][v]
            corners += [quad[[0, 1, 2]], quad[[0, 2, 3]]]
            sides += [side, side]
    return np.array(corners), np.array(sides)


def axes(azimuth: float) -> np.ndarray:
    """Rows right, up, back of a camera."""
    sin, cos = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
    return np.array([[cos, sin, 0], [0, 0, 1], [sin, -cos, 0]])


def matrix_world(azimuth: float) -> np.ndarray:
    """Camera to world (4, 4)."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes(azimuth).T
    matrix[:3, 3] = DISTANCE * axes(azimuth)[2]
    return matrix


def draw(camera_triangles: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Which triangle each pixel of an orthographic image sees (size, size) int, -1 for none.

    Triangles (n, 3, 3) are in the camera's frame (x right, y up, z to the viewer), one unit wide.
    """
    seen = np.full((size, size), -1)
    nearest = np.full((size, size), -np.inf)
    x = (camera_triangles[..., 0] + 0.5) * size
    y = (0.5 - camera_triangles[..., 1]) * size
    depth = camera_triangles[..., 2]
    for index in range(len(camera_triangles)):
        (x0, x1, x2), (y0, y1, y2), z = x[index], y[index], depth[index]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-12:
            continue
        left, right = max(int(min(x[index]) - 1), 0), min(int(max(x[index]) + 2), size)
        top, bottom = max(int(min(y[index]) - 1), 0), min(int(max(y[index]) + 2), size)
        px, py = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        b1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) / area
        b2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) / area
        here = z[0] + b1 * (z[1] - z[0]) + b2 * (z[2] - z[0])
        window = (slice(top, bottom), slice(left, right))
        inside = (b1 >= 0) & (b2 >= 0) & (b1 + b2 <= 1) & (here > nearest[window])
        nearest[window][inside] = here[inside]
        seen[window][inside] = index
    return seen


def view(azimuth: float) -> tuple[np.ndarray, np.ndarray]:
    """Colour and normal image (SIZE, SIZE, 4) uint8 of one view."""
    corners, sides = triangles()
    seen = draw(corners @ axes(azimuth).T)
    side = np.where(seen >= 0, sides[seen], 0)
    alpha = np.where(seen >= 0, 255, 0).astype(np.uint8)[..., None]
    world = SIDES[side]
    maps = np.stack([world[..., 0], world[..., 2], -world[..., 1]], axis=-1)
    normal = np.round((maps / 2 + 0.5) * 255).astype(np.uint8)
    colour = COLOURS[side]
    return tuple(np.concatenate([np.where(alpha, c, 255), alpha], -1) for c in (colour, normal))


def texture() -> np.ndarray:
    """The base colour: a cell per side above, black below (so that a flipped v shows)."""
    image = np.zeros((2 * _TEXTURE_CELL, 6 * _TEXTURE_CELL, 3), np.uint8)
    image[:_TEXTURE_CELL] = np.repeat(COLOURS, _TEXTURE_CELL, axis=0)[None]
    return image


def letter_glb() -> bytes:
    """The letter, its vertices split by side as an unwrap does."""
    corners, sides = triangles()
    uv = np.stack([(np.repeat(sides, 3) + 0.5) / 6, np.full(3 * len(sides), 0.25)], axis=1)
    return glb(corners.reshape(-1, 3), uv, np.arange(3 * len(sides)))


def colored_glb() -> bytes:
    """The letter with colours at its vertices: the height above the view's lower edge, grey."""
    corners, sides = triangles()
    vertices = corners.reshape(-1, 3)
    grey = np.repeat(vertices[:, 2:] + 0.5, 3, axis=1)
    return glb(vertices, grey, np.arange(3 * len(sides)), ("COLOR_0", "VEC3"))


def glb(
    vertices: np.ndarray,
    uv: np.ndarray,
    index: np.ndarray,
    attribute: tuple[str, str] = ("TEXCOORD_0", "VEC2"),
) -> bytes:
    """A binary glTF of world vertices (n, 3), UVs (n, 2) with v downwards, and corners (3 m,)."""
    x, y, z = np.moveaxis(vertices, -1, 0)
    position = np.stack([x, z, -y], axis=1).astype("<f4")
    blobs = [position.tobytes(), uv.astype("<f4").tobytes(), index.astype("<u4").tobytes()]
    starts = np.cumsum([0] + [len(blob) for blob in blobs])
    views = [
        {"buffer": 0, "byteOffset": int(start), "byteLength": len(blob)}
        for start, blob in zip(starts, blobs, strict=False)
    ]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": len(vertices), "type": "VEC3"},
        {"bufferView": 1, "componentType": 5126, "count": len(vertices), "type": attribute[1]},
        {"bufferView": 2, "componentType": 5125, "count": len(index), "type": "SCALAR"},
    ]
    primitive = {"attributes": {"POSITION": 0, attribute[0]: 1}, "indices": 2}
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": int(starts[-1])}],
    }
    return pack_glb(document, b"".join(blobs))


def pack_glb(document: dict, binary: bytes) -> bytes:
    """Put the two chunks of a binary glTF together."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def png(image: np.ndarray) -> bytes:
    """Encode (h, w, 3 or 4) uint8."""
    height, width, channels = image.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    packed = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + packed


def write_job(folder: Path, reference: dict | None = None) -> Path:
    """Write a finished job folder, around what is there already."""

    def write(name: str, content: bytes) -> None:
        if not (folder / name).exists():
            (folder / name).write_bytes(content)

    (folder / "views").mkdir(parents=True, exist_ok=True)
    entries = []
    for name, azimuth in AZIMUTHS.items():
        for kind, image in zip(("color", "normal"), view(azimuth), strict=True):
            write(f"views/{kind}_{name}.png", png(image))
        entries.append(
            {
                "name": name,
                "type": "ORTHO",
                "azimuth_degrees": azimuth,
                "ortho_scale": 1.0,
                "matrix_world": matrix_world(azimuth).tolist(),
                "image": f"views/color_{name}.png",
                "normal": f"views/normal_{name}.png",
            }
        )
    write("input.png", png(view(0)[0]))
    write("texture.png", png(texture()))
    write("mesh.glb", letter_glb())
    documents = {
        "cameras": {"schema_version": 1, "views": entries, "reference": reference},
        "request": {"schema_version": 1, "source": "picture", "model": "mini", "seed": 7},
        "job": {"schema_version": 1, "stages": {}, "versions": {"era3d": "0.1.0"}},
    }
    for name, document in documents.items():
        write(f"{name}.json", json.dumps(document).encode())
    return folder
