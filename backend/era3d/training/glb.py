# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a user's own GLB files as meshes to train on."""

import json
import logging
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from era3d.errors import InputError
from era3d.training.corpus import ColoredMesh, Record

LARGEST = 1_000_000
"""Triangles of a mesh at most: more tell nothing at 64 to 512 pixels, and take minutes to draw."""

_log = logging.getLogger(__name__)
_GREY = (0.7, 0.7, 0.7)
# A texture is sampled at corners; faces are cut until their edges are no longer than this share of
# the object.
_LONGEST_EDGE = 1 / 128
_MOST_CUTS = 64
_INWARD = 0.01


class GlbFolder:
    """All GLB files of a folder and of those in it, but for those that cannot be used.

    A file's subfolder is its pack and its category; files of the folder itself share its name.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    records : tuple of Record
    refused : dict of str to str
        Why a file was left out, by name; this is logged as well.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"There is no folder '{folder}' to train on.")
        self._folder = folder
        self.refused: dict[str, str] = {}
        records = []
        for path in sorted(folder.rglob("*.glb")):
            name = path.relative_to(folder).as_posix()
            try:
                read_glb(path)
            except InputError as error:
                self.refused[name] = str(error)
                _log.warning("left out: %s", error)
            else:
                records.append(_record(path, name, folder))
        self.records = tuple(records)
        if not records:
            why = "".join(f"\n  {reason}" for reason in self.refused.values())
            raise InputError(f"'{folder}' holds no GLB file that can be trained on.{why}")

    def mesh(self, record: Record) -> ColoredMesh:
        """The mesh of a record, in the unit cube."""
        return read_glb(self._folder / record.file)


def _record(path: Path, name: str, folder: Path) -> Record:
    pack = name.split("/")[0] if "/" in name else folder.resolve().name
    told = path.stat()
    return Record(
        # A file that is changed is another object: it is drawn anew.
        id=f"{name}@{told.st_size}.{told.st_mtime_ns}",
        category=pack,
        pack=pack,
        source=str(folder),
        licence="the user's own",
        reserved=False,
        variant_of=None,
        file=name,
        row=0,
    )


def read_glb(path: Path) -> ColoredMesh:
    """Read a GLB file as one coloured mesh that fills the unit cube.

    Colours are those of the texture, the vertices and the material, whichever there are,
    multiplied; where a texture is missing from the file, the rest counts.

    Raises
    ------
    InputError
        If the file is broken, has no faces, too many of them, or numbers that are not finite.
    """
    count = _triangles(path)
    if count > LARGEST:
        raise InputError(
            f"'{path.name}' has {count:,} triangles: decimate it to {LARGEST:,} at most."
        )
    try:
        import trimesh
    except ImportError:
        raise InputError(
            "Training on GLB files needs trimesh: pip install 'era3d[train]'."
        ) from None
    try:
        scene = trimesh.load_scene(path, process=False)
        parts = [_part(mesh) for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh)]
    except (ValueError, KeyError, IndexError, TypeError, OSError, AttributeError) as error:
        raise InputError(f"'{path.name}' cannot be read: {error}.") from None
    parts = [(corners, colors) for corners, colors in parts if len(corners)]
    if not parts:
        raise InputError(f"'{path.name}' has no faces: give a mesh with at least one triangle.")
    corners = np.concatenate([part[0] for part in parts])
    colors = np.concatenate([part[1] for part in parts])
    try:
        return _joined(corners, colors)
    except InputError as error:
        raise InputError(f"'{path.name}': {error}") from None


def _triangles(path: Path) -> int:
    """How many triangles the file's header tells of; nothing else is read."""
    try:
        with path.open("rb") as file:
            magic, _, _, length, _ = struct.unpack("<4sIIII", file.read(20))
            if magic != b"glTF":
                raise InputError(f"'{path.name}' is no GLB file.")
            told = json.loads(file.read(length))
        total = 0
        for mesh in told.get("meshes", []):
            for one in mesh["primitives"]:
                place = one.get("indices", one["attributes"]["POSITION"])
                total += told["accessors"][place]["count"] // 3
        return total
    except (OSError, struct.error, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f"'{path.name}' is no GLB file that can be read: {error}.") from None


def _part(mesh: Any) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Corners (m, 3, 3), glTF's frame, and their colours (m, 3, 3) of one mesh."""
    corners = np.asarray(mesh.vertices, np.float64)[mesh.faces]
    visual = mesh.visual
    if visual.kind == "vertex":
        colors = np.asarray(visual.vertex_colors, np.float32)[mesh.faces][..., :3] / 255
        return corners, colors
    material = getattr(visual, "material", None)
    factor = getattr(material, "baseColorFactor", None)
    plain = np.array(_GREY if factor is None else np.asarray(factor)[:3] / 255, np.float32)
    image = getattr(material, "baseColorTexture", None)
    if image is None or getattr(visual, "uv", None) is None:
        return corners, np.broadcast_to(plain, corners.shape).astype(np.float32)
    tint = np.ones(3, np.float32) if factor is None else plain
    uv = np.asarray(visual.uv, np.float64)[mesh.faces]
    longest = _LONGEST_EDGE * np.ptp(corners, (0, 1)).max()
    both = cut_faces(np.concatenate([corners, uv], -1), longest)
    return both[..., :3], _sample(image, both[..., 3:]) * tint


def cut_faces(corners: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    """Cut triangles (m, 3, 3 + k), evenly, until no edge is longer than a bound.

    The k further numbers of a corner are blended along.
    """
    edges = np.linalg.norm((corners - np.roll(corners, 1, 1))[..., :3], axis=-1).max(1)
    cuts = np.ceil(edges / max(longest, 1e-12)).clip(1, _MOST_CUTS).astype(int)
    parts = []
    for count in np.unique(cuts):
        weights = _pieces(count)
        pieces = np.einsum("pcw,mwk->mpck", weights, corners[cuts == count])
        parts.append(pieces.reshape(-1, *corners.shape[1:]))
    return np.concatenate(parts)


def _pieces(count: int) -> NDArray[np.float64]:
    """Barycentric corners (count^2, 3, 3) of the equal triangles that a triangle is cut into."""
    pieces = []
    for i in range(count):
        for j in range(count - i):
            a, b, c = (i, j), (i + 1, j), (i, j + 1)
            pieces.append((a, b, c))
            if i + j < count - 1:
                pieces.append((b, (i + 1, j + 1), c))
    two = np.array(pieces, np.float64) / count
    return np.concatenate([1 - two.sum(-1, keepdims=True), two], -1)


def _sample(image: Any, uv: NDArray[np.float64]) -> NDArray[np.float32]:
    """Colours (m, 3, 3) of a picture at the corners uv (m, 3, 2), repeated beyond its edges."""
    # A corner on the picture's edge belongs to this side, where the rest of its face is.
    uv = uv + _INWARD * (uv.mean(1, keepdims=True) - uv)
    pixels = np.asarray(image.convert("RGB"), np.float32) / 255
    height, width = pixels.shape[:2]
    column = (np.floor(uv[..., 0] * width) % width).astype(int)
    row = (np.floor((1 - uv[..., 1]) * height) % height).astype(int)
    return pixels[row, column]


def _joined(corners: NDArray[np.float64], colors: NDArray[np.float32]) -> ColoredMesh:
    """One mesh of corners in glTF's frame (y up, the front looks along z), put in the unit cube."""
    x, y, z = np.moveaxis(corners, -1, 0)
    world = np.stack([x, -z, y], -1).reshape(-1, 3)
    low, high = world.min(0), world.max(0)
    size = (high - low).max()
    if np.isfinite(size) and size <= 0:
        raise InputError("The mesh is a single point: give one with an extent.")
    vertices, index = np.unique((world - (low + high) / 2) / size, axis=0, return_inverse=True)
    return ColoredMesh(vertices.astype(np.float32), index.reshape(-1, 3), colors)
