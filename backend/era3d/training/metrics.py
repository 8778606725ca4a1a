# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a model draws objects it never saw, beside what three trivial methods reach."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from era3d.diffusion.checkpoint import load_pipeline
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.errors import InputError
from era3d.training.config import DataConfig, DrawConfig, data_from_dict
from era3d.training.corpus import Meshes, Record, split_corpus
from era3d.training.dataset import draw_all
from era3d.views import alpha_from_normals

NOTE = "training.json"
_OBJECT = 128  # bytes of coverage from which a pixel counts as object
_GRID_ROWS = 6

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Scenes:
    """Drawn objects, bytes on white.

    Attributes
    ----------
    photos : (n, k, S, S, 3) uint8
    poses : (n, k, 2) float32
        Radians; 24 mm / focal length.
    normals, colors : (n, 6, S, S, 3) uint8
    alphas : (n, 6, S, S) uint8
    categories : tuple of str
    """

    photos: Images
    poses: NDArray[np.float32]
    normals: Images
    colors: Images
    alphas: Images
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.photos)

    def photographed(self, photo: int) -> "Scenes":
        """The same with another photo in the first place."""
        chosen = photo % self.photos.shape[1]
        return dataclasses.replace(
            self, photos=self.photos[:, [chosen]], poses=self.poses[:, [chosen]]
        )


@dataclass(frozen=True)
class Prediction:
    """What a method says of n photos; poses are radians and 24 mm / focal length."""

    normals: Images
    colors: Images
    poses: NDArray[np.float32]

    def rolled(self) -> "Prediction":
        """Each photo answered with what was said of another one."""
        half = len(self.normals) // 2
        return Prediction(
            np.roll(self.normals, half, 0),
            np.roll(self.colors, half, 0),
            np.roll(self.poses, half, 0),
        )


@dataclass(frozen=True)
class Case:
    """A model, what it was trained on and what was kept out of that."""

    pipeline: Era3DPipeline
    meshes: Meshes
    records: Mapping[str, Sequence[Record]]
    train: Scenes
    truth: dict[str, Scenes]


def open_case(
    model: Path, meshes: Meshes, drawings: Path, conditions: DrawConfig | None = None
) -> Case:
    """Load a trained model and the objects that were kept out of its training.

    Parameters
    ----------
    model : Path
        Folder with the note ``training.json`` that says which objects were kept out.
    meshes : Meshes
        What it was trained on.
    drawings : Path
        Cache of drawings; what is missing is drawn, which takes minutes for a whole corpus.
    conditions : DrawConfig, optional
        How the objects are photographed; by default as in the first drawing of the training.

    Raises
    ------
    InputError
        If the note is missing or the corpus is not the one it names.
    """
    settings = _note(model)
    pipeline = load_pipeline(model)
    split = split_corpus(meshes, settings.validation_packs, settings.seen_fraction, settings.seed)
    records = {"seen packs": split.seen_packs, "unseen packs": split.unseen_packs}
    records = {part: kept for part, kept in records.items() if kept}
    drawing = [conditions or settings.draws[0]]

    def load(chosen: Sequence[Record]) -> Scenes:
        return load_scenes(meshes, chosen, drawing, pipeline.image_size, drawings)

    truth = {part: load(kept) for part, kept in records.items()}
    return Case(pipeline, meshes, records, load(split.train), truth)


def evaluate(case: Case, seeds: int = 3) -> dict[str, dict[str, dict[str, float]]]:
    """Measure a trained model on objects that were kept out of its training.

    Returns
    -------
    dict
        Numbers by part of the corpus ("seen packs", "unseen packs"), method and name; see
        `compare`.
    """
    return {
        part: compare(case.pipeline, case.train, truth, seeds) for part, truth in case.truth.items()
    }


def compare(
    pipeline: Era3DPipeline, train: Scenes, truth: Scenes, seeds: int = 3
) -> dict[str, dict[str, float]]:
    """Numbers of the model and of the trivial methods by name; see `measure`.

    The model's are means over seeds of its noise and over as many photos of each object; those
    named ``... spread`` are their standard deviations, and `seconds` is the time for a picture.
    """
    methods: dict[str, Callable[[Scenes, Scenes], Prediction]] = {
        "mean image": mean_image,
        "mean of the given category": category_mean,
        "nearest training object": nearest,
    }
    started = time.perf_counter()
    said = [predict(pipeline, truth.photographed(seed), seed=seed) for seed in range(seeds)]
    seconds = (time.perf_counter() - started) / len(truth) / seeds
    known = [truth.photographed(seed) for seed in range(seeds)]
    results = {
        name: _over([measure(method(train, one), one) for one in known])
        for name, method in methods.items()
    }
    own = [measure(one, other) for one, other in zip(said, known, strict=True)]
    wrong = [measure(one.rolled(), other) for one, other in zip(said, known, strict=True)]
    results["the model"] = _over(own) | {"seconds": seconds}
    results["the model, wrong photo"] = _over(wrong)
    results["best constant camera"] = _over([_best_constant(one) for one in known])
    return results


def _over(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means over runs, and standard deviations."""
    values = {name: [run[name] for run in runs] for name in runs[0]}
    means = {name: float(np.mean(value)) for name, value in values.items()}
    return means | {f"{name} spread": float(np.std(value)) for name, value in values.items()}


def _best_constant(truth: Scenes) -> dict[str, float]:
    """Errors of the one camera that, chosen with the truth at hand, does best."""
    pose = truth.poses[:, 0]
    return camera_errors(np.median(pose, 0), pose)


def camera_errors(said: NDArray[np.floating], true: NDArray[np.floating]) -> dict[str, float]:
    """Mean absolute errors of cameras (n, 2): `elevation` in degrees, `focal` in 24 mm / lens."""
    errors = np.abs(said - true).mean(0)
    return {"elevation": float(np.degrees(errors[0])), "focal": float(errors[1])}


def measure(said: Prediction, truth: Scenes) -> dict[str, float]:
    """Errors of predictions.

    Returns
    -------
    dict
        `iou`, `iou_front`: silhouettes, mean over objects (and views). `psnr_normal`,
        `psnr_color`: decibel of the mean squared error of an object, mean over objects.
        `angle`: degrees between normals where both silhouettes are, mean over objects.
        `elevation`: degrees; `focal`: 24 mm / focal length; mean absolute errors.
    """
    ours = np.stack([alpha_from_normals(one) for one in said.normals]) >= _OBJECT
    theirs = truth.alphas >= _OBJECT
    both, either = (ours & theirs).sum((2, 3)), (ours | theirs).sum((2, 3))
    iou = both / np.maximum(either, 1)
    return {
        "iou": float(iou.mean()),
        "iou_front": float(iou[:, 0].mean()),
        "psnr_normal": _psnr(said.normals, truth.normals),
        "psnr_color": _psnr(said.colors, truth.colors),
        "angle": _angle(said.normals, truth.normals, ours & theirs),
    } | camera_errors(said.poses, truth.poses[:, 0])


def _psnr(a: Images, b: Images) -> float:
    squares = ((a.astype(np.float32) - b) / 255) ** 2
    return float((-10 * np.log10(squares.mean((1, 2, 3, 4)) + 1e-10)).mean())


def _angle(a: Images, b: Images, mask: NDArray[np.bool_]) -> float:
    first, second = (x.astype(np.float32) / 127.5 - 1 for x in (a, b))
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = (first * second).sum(-1) / np.maximum(lengths, 1e-6)
    angles = np.degrees(np.arccos(cosine.clip(-1, 1)))
    per_object = [angle[m].mean() for angle, m in zip(angles, mask, strict=True) if m.any()]
    return float(np.mean(per_object)) if per_object else 90.0


def predict(
    pipeline: Era3DPipeline, truth: Scenes, steps: int | None = None, seed: int = 0
) -> Prediction:
    """Run a model on the first photo of every object."""
    normals, colors, poses = [], [], []
    for photo in truth.photos[:, 0]:
        out = pipeline(np.asarray(photo), steps=steps, seed=seed)
        normals.append(_to_bytes(out.normal))
        colors.append(_to_bytes(out.color))
        poses.append((out.elevation or 0.0, out.focal or 0.0))
    return Prediction(np.stack(normals), np.stack(colors), np.array(poses, np.float32))


def mean_image(train: Scenes, truth: Scenes) -> Prediction:
    """Answer every photo with the mean of all training objects."""
    return _mean_of([np.arange(len(train))] * len(truth), train)


def category_mean(train: Scenes, truth: Scenes) -> Prediction:
    """Answer with the mean of the training objects of the category, which the method is told."""
    of_category = np.array(train.categories)
    members = [np.flatnonzero(of_category == category) for category in truth.categories]
    return _mean_of([m if len(m) else np.arange(len(train)) for m in members], train)


def nearest(train: Scenes, truth: Scenes) -> Prediction:
    """Answer with the training object of which a photo is nearest, pixel by pixel."""
    count, photos = train.photos.shape[:2]
    known = train.photos.reshape(count * photos, -1).astype(np.float32)
    asked = truth.photos[:, 0].reshape(len(truth), -1).astype(np.float32)
    distance = (known**2).sum(1) - 2 * asked @ known.T
    best = distance.argmin(1)
    index, photo = best // photos, best % photos
    return Prediction(train.normals[index], train.colors[index], train.poses[index, photo])


def _mean_of(groups: Sequence[NDArray[np.integer]], train: Scenes) -> Prediction:
    known: dict[bytes, tuple[Any, Any, Any]] = {}
    for group in groups:
        if group.tobytes() not in known:
            known[group.tobytes()] = (
                np.rint(train.normals[group].mean(0)).astype(np.uint8),
                np.rint(train.colors[group].mean(0)).astype(np.uint8),
                train.poses[group].mean((0, 1)),
            )
    rows = [known[group.tobytes()] for group in groups]
    return Prediction(*(np.stack(column) for column in zip(*rows, strict=True)))


def load_scenes(
    corpus: Meshes,
    records: Sequence[Record],
    drawing: Sequence[DrawConfig],
    size: int,
    cache: Path,
) -> Scenes:
    """Open one drawing of some records, making it first if need be."""
    (folder,) = draw_all(corpus, records, drawing, size, cache)
    targets = np.load(folder / "targets.npy", mmap_mode="r")
    return Scenes(
        np.load(folder / "photos.npy", mmap_mode="r"),
        np.load(folder / "poses.npy"),
        np.ascontiguousarray(targets[..., :3]),
        np.ascontiguousarray(targets[..., 3:6]),
        np.ascontiguousarray(targets[..., 6]),
        tuple(record.category for record in records),
    )


def grid(said: Prediction, truth: Scenes, rows: int = _GRID_ROWS) -> Images:
    """Picture (H, W, 3) of some objects: photo, six colours and six normals, said above true."""
    lines = []
    for i in np.linspace(0, len(truth) - 1, rows).astype(int):
        photo = np.asarray(truth.photos[i, 0])
        lines.append(np.concatenate([photo, *said.colors[i], *said.normals[i]], 1))
        blank = np.full_like(photo, 255)
        lines.append(np.concatenate([blank, *truth.colors[i], *truth.normals[i]], 1))
    return np.concatenate(lines)


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Results as a table in Markdown; behind the model's numbers, their spread over seeds."""
    columns = {
        "iou": "IoU",
        "iou_front": "IoU front",
        "psnr_normal": "PSNR normals",
        "psnr_color": "PSNR colours",
        "angle": "angle",
        "elevation": "elevation error",
        "focal": "focal error",
    }
    lines = ["| objects | method | " + " | ".join(columns.values()) + " |"]
    lines.append("|" + "---|" * (len(columns) + 2))
    for part, methods in results.items():
        for method, numbers in methods.items():
            cells = [_cell(numbers, key) for key in columns]
            lines.append(f"| {part} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(numbers: dict[str, float], key: str) -> str:
    if key not in numbers:
        return "-"
    digits = {"iou": 3, "iou_front": 3, "focal": 3}.get(key, 1)
    spread = numbers.get(f"{key} spread")
    return f"{numbers[key]:.{digits}f}" + ("" if spread is None else f" ± {spread:.{digits}f}")


def _note(model: Path) -> DataConfig:
    path = model / NOTE
    if not path.is_file():
        raise InputError(
            f"'{model}' has no {NOTE}: only models that were trained here are measured."
        )
    return data_from_dict(json.loads(path.read_text(encoding="utf-8"))["data"], str(path))


def _to_bytes(images: NDArray[np.float32]) -> Images:
    return np.rint(images * 255).astype(np.uint8)
