# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a folder of meshes to what a run learns from and what it looks at."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from era3d.progress import Progress, ignore
from era3d.training.config import PhotoConfig, TrainConfig
from era3d.training.corpus import Corpus, Meshes, Record, split_corpus
from era3d.training.dataset import Drawings, draw_all
from era3d.training.glb import GlbFolder
from era3d.training.metrics import Scenes, load_scenes
from era3d.training.photos import Photos, draw_photos

_WATCHED = 48
_WATCHED_PHOTOS = 400


@dataclass(frozen=True)
class Data:
    """What a run learns from, and objects kept out of it that are looked at now and then."""

    drawings: Drawings | None
    photos: Photos | None = None
    watched: Scenes | None = None
    watched_photos: Photos | None = None


def open_meshes(folder: Path) -> Meshes:
    """Open a corpus (a folder with ``index.jsonl``) or any folder of GLB files.

    Raises
    ------
    InputError
        If the folder is neither.
    """
    return Corpus(folder) if (folder / "index.jsonl").is_file() else GlbFolder(folder)


def load_data(settings: TrainConfig, folder: Path, out: Path, progress: Progress = ignore) -> Data:
    """Draw what is not drawn yet, and open it.

    Parameters
    ----------
    settings : TrainConfig
    folder : Path
        See `open_meshes`.
    out : Path
        The run's folder; drawings are cached there.
    progress : Progress
        Called with objects drawn and to be drawn, for each drawing.
    """
    data = settings.data
    meshes = open_meshes(folder)
    split = split_corpus(meshes, data.validation_packs, data.seen_fraction, data.seed)
    size, cache = settings.model.image_size, out / "drawings"
    drawings = photos = watched = watched_photos = None
    if settings.task == "views":
        folders = draw_all(meshes, split.train, data.draws, size, cache, progress)
        shares = [drawing.share for drawing in data.draws]
        categories = [record.category for record in split.train]
        drawings = Drawings(folders, shares, categories, data.recolor)
    if data.sight:
        photos = _photographed(meshes, split.train, data.sight, settings, cache, progress)
    kept_out = split.unseen_packs or split.seen_packs
    if settings.look_every and kept_out:
        # Evenly through the packs, and always the same ones.
        chosen = kept_out[:: -(-len(kept_out) // _WATCHED)]
        watched = load_scenes(meshes, chosen, data.draws[:1], size, cache)
    if settings.task == "camera" and settings.look_every and kept_out:
        few = [dataclasses.replace(some, count=_WATCHED_PHOTOS) for some in data.sight]
        watched_photos = _photographed(meshes, kept_out, few, settings, cache, progress)
    return Data(drawings, photos, watched, watched_photos)


def _photographed(
    meshes: Meshes,
    records: Sequence[Record],
    wanted: Sequence[PhotoConfig],
    settings: TrainConfig,
    cache: Path,
    progress: Progress,
) -> Photos:
    size = settings.model.image_size
    folders = [draw_photos(meshes, records, some, size, cache, progress) for some in wanted]
    return Photos(folders, settings.data.recolor)
