# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a folder of low-poly meshes, and keeping objects apart for validation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from era3d.errors import InputError

_GRID = 16
_SAMPLES = 4096


@dataclass(frozen=True)
class Record:
    """One line of the corpus index, as far as training needs it."""

    id: str
    category: str
    pack: str
    source: str
    licence: str
    reserved: bool
    variant_of: str | None
    file: str
    row: int


@dataclass(frozen=True)
class ColoredMesh:
    """Triangles with colours.

    Attributes
    ----------
    vertices : (n, 3) float32
        World frame (Z up, the front looks along -Y).
    faces : (m, 3) int64
        Counter-clockwise seen from outside.
    colors : (m, 3, 3) float32
        sRGB in 0..1 per face corner.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int64]
    colors: NDArray[np.float32]

    def __post_init__(self) -> None:
        if len(self.faces) == 0:
            raise InputError("The mesh has no faces: give one with at least one triangle.")
        if not (np.isfinite(self.vertices).all() and np.isfinite(self.colors).all()):
            raise InputError("The mesh contains NaN or infinity: export it again or repair it.")


class Meshes(Protocol):
    """What can be trained on: records, and the mesh of each."""

    records: tuple[Record, ...]

    def mesh(self, record: Record) -> ColoredMesh:
        """The mesh of a record."""
        ...


class Corpus:
    """Meshes of a corpus folder: ``index.jsonl`` and the npz files it names.

    An npz file packs many meshes: ``voff``, ``foff`` (n + 1) offsets; ``verts`` uint16, position =
    v / 65535 - 0.5; ``faces`` uint16, local to the mesh; ``cols`` uint8 per face corner.
    """

    def __init__(self, folder: Path) -> None:
        index = folder / "index.jsonl"
        if not index.is_file():
            raise InputError(f"No corpus in '{folder}': expected the file index.jsonl there.")
        lines = index.read_text(encoding="utf-8").splitlines()
        self.records = tuple(_record(json.loads(line)) for line in lines if line.strip())
        if not self.records:
            raise InputError(f"The corpus in '{folder}' is empty: index.jsonl has no lines.")
        self._files = {name: _read_npz(folder / name) for name in {r.file for r in self.records}}

    def mesh(self, record: Record) -> ColoredMesh:
        """The mesh of a record."""
        data, row = self._files[record.file], record.row
        vertices = data["verts"][data["voff"][row] : data["voff"][row + 1]]
        faces = slice(data["foff"][row], data["foff"][row + 1])
        return ColoredMesh(
            (vertices / 65535 - 0.5).astype(np.float32),
            data["faces"][faces].astype(np.int64),
            (data["cols"][faces] / 255).astype(np.float32),
        )


def _record(entry: dict[str, Any]) -> Record:
    return Record(
        id=entry["id"],
        category=entry["category"],
        pack=entry["pack"],
        source=f"{entry['repo']}@{entry['commit'][:12]}",
        licence=entry["licence"],
        reserved=entry["split"] == "reserved",
        variant_of=entry.get("variant_of"),
        file=entry["file"],
        row=entry["row"],
    )


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise InputError(f"The corpus index names '{path.name}', which is not in '{path.parent}'.")
    with np.load(path) as data:
        return {key: data[key] for key in ("voff", "foff", "verts", "faces", "cols")}


@dataclass(frozen=True)
class Split:
    """Which records are trained on, and which are only looked at afterwards.

    Attributes
    ----------
    train : tuple of Record
    unseen_packs : tuple of Record
        Every usable record of the packs that were kept out whole.
    seen_packs : tuple of Record
        Records of packs that are otherwise trained on.
    """

    train: tuple[Record, ...]
    unseen_packs: tuple[Record, ...]
    seen_packs: tuple[Record, ...]


def split_corpus(
    corpus: Meshes, validation_packs: tuple[str, ...], seen_fraction: float, seed: int
) -> Split:
    """Divide a corpus so that no shape stands on both sides.

    Reserved records and whatever resembles them are in no part. A shape and its look-alikes (poses,
    recoloured or repacked copies; see `families`) go to one side together; a look-alike of an
    object of a validation pack that stands in another pack is dropped.

    Parameters
    ----------
    corpus : Meshes
    validation_packs : tuple of str
        Packs that are kept out whole.
    seen_fraction : float
        Share of the remaining families that is kept out as well.
    seed : int
        Chooses those families.

    Raises
    ------
    InputError
        When a validation pack is not in the corpus or nothing is left to train on.
    """
    records = corpus.records
    missing = set(validation_packs) - {record.pack for record in records}
    if missing:
        raise InputError(f"The corpus has no pack '{min(missing)}': correct validation_packs.")
    family = families(corpus)
    reserved = {f for f, record in zip(family, records, strict=True) if record.reserved}
    unseen = {f for f, r in zip(family, records, strict=True) if r.pack in validation_packs}
    rest = sorted(set(family) - reserved - unseen)
    generator = np.random.default_rng(seed)
    seen = set(generator.choice(rest, int(len(rest) * seen_fraction), replace=False).tolist())
    train = set(rest) - seen
    if not train:
        raise InputError("Nothing is left to train on: keep fewer packs for validation.")
    pairs = list(zip(family, records, strict=True))
    return Split(
        train=tuple(r for f, r in pairs if f in train),
        unseen_packs=tuple(
            r for f, r in pairs if f in unseen - reserved and r.pack in validation_packs
        ),
        seen_packs=tuple(r for f, r in pairs if f in seen),
    )


def families(corpus: Meshes, overlap: float = 0.7) -> tuple[int, ...]:
    """Number the groups of records that are one shape: poses, and near copies of the surface.

    Two surfaces are near copies when the cells they pass through, of a grid of 16 x 16 x 16 over
    the bounding cube, agree to the given intersection over union.
    """
    records = corpus.records
    cells = np.stack([_surface_cells(corpus.mesh(record)) for record in records])
    both = cells @ cells.T
    count = np.diag(both)
    same = both > overlap * (count[:, None] + count[None] - both)
    number = {record.id: i for i, record in enumerate(records)}
    for i, record in enumerate(records):
        if record.variant_of in number:
            same[i, number[record.variant_of]] = True
    labels = connected_components(coo_matrix(same), directed=False)[1]
    return tuple(labels.tolist())


def _surface_cells(mesh: ColoredMesh) -> NDArray[np.float32]:
    """One number per grid cell (4096,): 1 where points spread evenly over the surface fall."""
    corners = mesh.vertices[mesh.faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = area.cumsum()
    generator = np.random.default_rng(0)
    where = (np.arange(_SAMPLES) + 0.5) / _SAMPLES * total[-1]
    face = np.searchsorted(total, where).clip(max=len(area) - 1)
    u, v = generator.random((2, _SAMPLES, 1))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    a, b, c = corners[face].transpose(1, 0, 2)
    cell = ((a + u * (b - a) + v * (c - a) + 0.5) * _GRID).clip(0, _GRID - 1).astype(np.int64)
    grid = np.zeros(_GRID**3, np.float32)
    grid[(cell[:, 0] * _GRID + cell[:, 1]) * _GRID + cell[:, 2]] = 1
    return grid
