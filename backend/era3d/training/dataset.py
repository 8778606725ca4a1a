# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training samples: drawn once into a folder of arrays, then picked, mirrored and recoloured."""

import dataclasses
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.progress import Progress, ignore
from era3d.training.config import DrawConfig, PhotoConfig
from era3d.training.corpus import Meshes, Record
from era3d.training.render import Photo, Scene, frame_mesh, render_photo, render_targets

_MIRRORED_VIEWS = [
    VIEWS.index(v) for v in ("front", "front_left", "left", "back", "right", "front_right")
]


@dataclass(frozen=True)
class Sample:
    """One object, or a batch of them with one more leading dimension.

    Attributes
    ----------
    photo : (3, S, S) float32
        -1..1 on white.
    targets : (12, 3, S, S) float32
        Six normal maps, then six colour images; -1..1 on white.
    alpha : (12, 1, S, S) float32
        Coverage of the targets, 0..1.
    pose : (2,) float32
        Elevation in radians, and 24 / focal length in mm (0: orthographic).
    """

    photo: Tensor
    targets: Tensor
    alpha: Tensor
    pose: Tensor


def draw(
    corpus: Meshes,
    records: Sequence[Record],
    settings: DrawConfig,
    size: int,
    folder: Path,
    progress: Progress = ignore,
) -> None:
    """Render one drawing of every record to `folder`: targets, photos, poses, ids.

    A finished drawing is left alone. What is drawn of a record depends on its id and the settings'
    seed only.
    """
    if (folder / "ids.json").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    count = len(records)
    targets = new_array(folder / "targets.npy", (count, 6, size, size, 7), np.uint8)
    photos = new_array(folder / "photos.npy", (count, settings.photos, size, size, 3), np.uint8)
    poses = new_array(folder / "poses.npy", (count, settings.photos, 2), np.float32)
    for i, record in enumerate(records):
        generator = np.random.default_rng([settings.seed, zlib.crc32(record.id.encode())])
        scene = frame_mesh(
            corpus.mesh(record),
            float(generator.choice(settings.yaws)),
            tuple(np.exp(generator.normal(0, settings.stretch, 3))),
        )
        targets[i] = _pack_targets(scene, size)
        for j in range(settings.photos):
            photo = random_photo(generator, settings)
            photos[i, j] = to_bytes(render_photo(scene, photo, size))
            poses[i, j] = photo.elevation, photo.focal_label
        progress(i + 1, count)
    for array in (targets, photos, poses):
        array.flush()
    (folder / "ids.json").write_text(json.dumps([record.id for record in records]))


def draw_all(
    corpus: Meshes,
    records: Sequence[Record],
    draws: Sequence[DrawConfig],
    size: int,
    cache: Path,
    progress: Progress = ignore,
) -> list[Path]:
    """Render what is not in the cache yet; return a folder for each drawing.

    A folder's name tells what is in it, so that changed settings or records are drawn anew.
    """
    folders = []
    for settings in draws:
        told = [dataclasses.replace(settings, share=1.0), size, [r.id for r in records]]
        digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
        folders.append(cache / digest)
        draw(corpus, records, settings, size, folders[-1], progress)
    return folders


def random_photo(generator: np.random.Generator, settings: DrawConfig | PhotoConfig) -> Photo:
    """Choose elevation, lens and light of one photo."""
    low, high = settings.elevation_degrees
    elevation = float(np.radians(generator.uniform(low, high)))
    lens = float(generator.choice([*settings.lenses_mm, np.inf]))
    light = generator.normal(size=3) + np.array([0, -0.8, 0.8])
    light /= np.linalg.norm(light)
    if generator.random() < settings.unlit:
        return Photo(elevation, lens)
    ambient = generator.uniform(0.4, 0.9)
    diffuse = generator.uniform(0.2, 1.2 - ambient + 0.2)
    return Photo(elevation, lens, ambient, diffuse, tuple(light))


def rarity(categories: Sequence[str]) -> NDArray[np.float64]:
    """How often each record is picked: a category as often as the square root of its size."""
    size = Counter(categories)
    weight = np.array([size[category] ** -0.5 for category in categories])
    return weight / weight.sum()


def new_array(path: Path, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array in a new file, open for writing."""
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def _pack_targets(scene: Scene, size: int) -> NDArray[np.uint8]:
    """(6, S, S, 7) bytes: normal, colour, alpha."""
    drawn = render_targets(scene, size)
    return to_bytes(np.concatenate([drawn.normal, drawn.color, drawn.alpha[..., None]], -1))


def to_bytes(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A picture in 0..1 as bytes."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


class Drawings:
    """Several drawings of the same records, and how to pick samples from them.

    Parameters
    ----------
    folders : sequence of Path
        Each written by `draw`.
    shares : sequence of float
        How often each drawing is used, relative to the others.
    categories : sequence of str
        Of the records, in order; a category is picked by the square root of its size.
    recolor : float
        Share of the samples whose colour channels are permuted.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        shares: Sequence[float],
        categories: Sequence[str],
        recolor: float,
    ) -> None:
        self._targets = [open_array(folder, "targets.npy") for folder in folders]
        self._photos = [open_array(folder, "photos.npy") for folder in folders]
        self._poses = [open_array(folder, "poses.npy") for folder in folders]
        if any(len(targets) != len(categories) for targets in self._targets):
            raise InputError("The drawings were made for other objects: remove the cache folder.")
        self._shares = np.array(shares) / np.sum(shares)
        self._weights = rarity(categories)
        self._recolor = recolor

    def __len__(self) -> int:
        return len(self._weights)

    def pick(self, count: int, generator: np.random.Generator) -> Sample:
        """A random batch."""
        objects = generator.choice(len(self._weights), count, p=self._weights)
        drawings = generator.choice(len(self._shares), count, p=self._shares)
        samples = []
        for drawing, index in zip(drawings, objects, strict=True):
            photo = int(generator.integers(self._photos[drawing].shape[1]))
            mirrored = bool(generator.random() < 0.5)
            recolored = generator.random() < self._recolor
            order = generator.permutation(3) if recolored else np.arange(3)
            samples.append(self.sample(int(drawing), int(index), photo, mirrored, order))
        return stack(samples)

    def sample(
        self,
        drawing: int,
        index: int,
        photo: int,
        mirrored: bool = False,
        channel_order: NDArray[np.integer] | None = None,
    ) -> Sample:
        """One sample of one drawing."""
        targets = np.array(self._targets[drawing][index])
        picture = np.array(self._photos[drawing][index, photo])
        if mirrored:
            targets, picture = mirror(targets, picture)
        if channel_order is not None:
            targets[..., 3:6] = targets[..., 3 + channel_order]
            picture = picture[..., channel_order]
        tensor = torch.from_numpy(targets).permute(0, 3, 1, 2).float()
        alpha = tensor[:, 6:] / 255
        return Sample(
            torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 127.5 - 1,
            torch.cat([tensor[:, :3], tensor[:, 3:6]]) / 127.5 - 1,
            torch.cat([alpha, alpha]),
            torch.from_numpy(np.array(self._poses[drawing][index, photo])),
        )


def stack(samples: Sequence[Sample]) -> Sample:
    """Samples as one batch."""
    return Sample(
        torch.stack([s.photo for s in samples]),
        torch.stack([s.targets for s in samples]),
        torch.stack([s.alpha for s in samples]),
        torch.stack([s.pose for s in samples]),
    )


def mirror(
    targets: NDArray[np.uint8], photo: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What the cameras would see of the object's mirror image: (6, S, S, 7) and (S, S, 3) bytes."""
    flipped = targets[_MIRRORED_VIEWS, :, ::-1].copy()
    # A normal is stored over white: x' = 255 a - (x - 255 (1 - a)), and alpha is stored as 255 a.
    x, alpha = flipped[..., 0].astype(np.int16), flipped[..., 6].astype(np.int16)
    flipped[..., 0] = np.clip(510 - alpha - x, 0, 255).astype(np.uint8)
    return flipped, photo[:, ::-1].copy()


def open_array(folder: Path, name: str) -> NDArray[Any]:
    """An array of a finished drawing."""
    if not (folder / "ids.json").is_file():
        raise InputError(f"The drawings in '{folder}' are missing or unfinished: draw them again.")
    return np.load(folder / name, mmap_mode="r")
