# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos without views, from which the camera alone is learned: cheap, and so many and varied.

The elevation of a camera does not depend on the side from which an object is seen, nor on what the
object is. So every photo shows its object from another side, stretched in another way, and half of
them show it among others, which makes shapes without end from a small corpus.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from era3d.progress import Progress, ignore
from era3d.training.config import PhotoConfig
from era3d.training.corpus import Meshes, Record
from era3d.training.dataset import new_array, open_array, random_photo, rarity, to_bytes
from era3d.training.render import Scene, render_photo_and_normals, shade, shrink, turn

NORMAL_BLOCK = 4  # pixels whose normals are averaged
_MOST_IN_COMPANY = 2
_COMPANY_SIZE = 0.4  # standard deviation of the logarithm


def draw_photos(
    meshes: Meshes,
    records: Sequence[Record],
    settings: PhotoConfig,
    size: int,
    cache: Path,
    progress: Progress = ignore,
) -> Path:
    """Render photos that are not in the cache yet; return their folder, named by what is in it."""
    told = repr([settings, size, [record.id for record in records]])
    folder = cache / f"photos-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    if (folder / "ids.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    photos = new_array(folder / "photos.npy", (settings.count, size, size, 3), np.uint8)
    blocks = size // NORMAL_BLOCK
    normals = new_array(folder / "normals.npy", (settings.count, blocks, blocks, 3), np.int8)
    poses = new_array(folder / "poses.npy", (settings.count, 2), np.float32)
    scenes = [_scene(meshes, record) for record in records]
    weights = rarity([record.category for record in records])
    generator = np.random.default_rng(settings.seed)
    for i in range(settings.count):
        scene = random_scene(scenes, weights, generator, settings)
        photo = random_photo(generator, settings)
        image, normal = render_photo_and_normals(scene, photo, size)
        photos[i] = to_bytes(image)
        normals[i] = np.rint(shrink(normal, NORMAL_BLOCK) * 127)
        poses[i] = photo.elevation, photo.focal_label
        progress(i + 1, settings.count)
    for array in (photos, normals, poses):
        array.flush()
    (folder / "ids.json").write_text(json.dumps([record.id for record in records]))
    return folder


def random_scene(
    scenes: Sequence[Scene],
    weights: NDArray[np.floating],
    generator: np.random.Generator,
    settings: PhotoConfig,
) -> Scene:
    """An object, seen from any side and perhaps among others, framed like a subject."""

    def turned() -> NDArray[np.float64]:
        return turn(generator.choice(settings.yaws) if settings.yaws else generator.uniform(0, 360))

    def pick() -> Scene:
        stretch = np.diag(np.exp(generator.normal(0, settings.stretch, 3)))
        scene = scenes[generator.choice(len(scenes), p=weights)]
        return scene.moved(turned() @ stretch)

    whole = pick()
    if generator.random() < settings.company:
        for _ in range(generator.integers(1, _MOST_IN_COMPANY + 1)):
            other = pick().moved(np.eye(3) * np.exp(generator.normal(0, _COMPANY_SIZE)))
            whole = whole.beside(other.moved(np.eye(3), _place(whole, other, generator)))
        whole = whole.moved(turned())
    return whole.framed()


def _place(whole: Scene, other: Scene, generator: np.random.Generator) -> NDArray[np.floating]:
    """Offset (3,) that sets another object on the same ground beside the whole, or on top of it."""
    low, high = _bounds(whole)
    other_low, other_high = _bounds(other)
    extent = (high - low + other_high - other_low) / 2
    shift = generator.uniform(-0.3, 0.3, 3) * extent
    axis = generator.integers(3)
    shift[axis] = extent[axis] * (1 if axis == 2 else generator.choice([-1, 1]))
    if axis != 2:
        shift[2] = (other_high[2] - other_low[2] - high[2] + low[2]) / 2
    return (low + high - other_low - other_high) / 2 + shift


def _bounds(scene: Scene) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    return scene.vertices.min(0), scene.vertices.max(0)


def _scene(meshes: Meshes, record: Record) -> Scene:
    """A record's mesh, of which every vertex is used, at a size of 1."""
    mesh = meshes.mesh(record)
    used, faces = np.unique(mesh.faces, return_inverse=True)
    vertices = mesh.vertices[used].astype(np.float64)
    scale = 1 / max(np.ptp(vertices, axis=0).max(), 1e-6)
    return shade(vertices * scale, faces.reshape(-1, 3), mesh.colors)


class Shots(NamedTuple):
    """A batch of photos.

    ``photos`` is (n, 3, S, S) in -1..1 on white; ``normals`` (n, 3, S / 4, S / 4) the means of the
    unit normals seen there, world frame, 0 where nothing is; ``poses`` (n, 2) their cameras, see
    `era3d.training.dataset.Sample`.
    """

    photos: Tensor
    normals: Tensor
    poses: Tensor


class Photos:
    """Drawn photos, and how to pick from them.

    Parameters
    ----------
    folders : sequence of Path
        Each written by `draw_photos`.
    recolor : float
        Share of the photos whose colour channels are permuted.
    """

    def __init__(self, folders: Sequence[Path], recolor: float) -> None:
        names = ("photos.npy", "normals.npy", "poses.npy")
        self._arrays = [[open_array(folder, name) for folder in folders] for name in names]
        self._ends = np.cumsum([len(photos) for photos in self._arrays[0]])
        self._recolor = recolor

    def __len__(self) -> int:
        return int(self._ends[-1])

    def pick(self, count: int, generator: np.random.Generator) -> Shots:
        """A random batch; half of the photos are mirrored."""
        chosen = generator.integers(len(self), size=count)
        drawing = np.searchsorted(self._ends, chosen, side="right")
        row = chosen - np.concatenate([[0], self._ends])[drawing]
        photos, normals, poses = (
            np.stack([files[d][r] for d, r in zip(drawing, row, strict=True)])
            for files in self._arrays
        )
        mirrored = generator.random(count) < 0.5
        photos[mirrored] = photos[mirrored, :, ::-1]
        normals[mirrored] = normals[mirrored, :, ::-1] * np.array([-1, 1, 1], np.int8)
        for i in np.flatnonzero(generator.random(count) < self._recolor):
            photos[i] = photos[i][..., generator.permutation(3)]
        return _shots(photos, normals, poses)

    def everything(self) -> Shots:
        """All photos as they were drawn."""
        return _shots(*(np.concatenate(files) for files in self._arrays))


def _shots(
    photos: NDArray[np.uint8], normals: NDArray[np.int8], poses: NDArray[np.float32]
) -> Shots:
    """Stored photos as what is learned from."""
    return Shots(
        torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 127.5 - 1,
        torch.from_numpy(normals).permute(0, 3, 1, 2).float() / 127,
        torch.from_numpy(poses),
    )


def in_both_frames(normals: Tensor, elevation: Tensor) -> Tensor:
    """Normals (n, 3, h, w) as (n, 5, h, w): world x, y, z, then up and back of the photo's camera.

    Both have one x axis. `elevation` is (n,), radians.
    """
    y, z = normals[:, 1], normals[:, 2]
    cos, sin = elevation.cos()[:, None, None], elevation.sin()[:, None, None]
    up, back = cos * z + sin * y, sin * z - cos * y
    return torch.cat([normals, up[:, None], back[:, None]], 1)
