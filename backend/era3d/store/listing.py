# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What models there are and in what state, without reading any weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from era3d.errors import InputError
from era3d.store import consent
from era3d.store.layout import files_in
from era3d.store.models import MINI_FOLDER, RELEASED, imported_models, snapshot


@dataclass(frozen=True)
class Entry:
    """A model as a person sees it.

    Attributes
    ----------
    name : str
    state : str
        ``ready``, ``incomplete`` (files are missing), ``absent`` (not downloaded) or ``gone`` (the
        folder it was imported from is not there).
    source : str
        Where it is from: this package, a model and commit of the hub, or a folder.
    folder : path or None
        Where its files are.
    size : int
        Bytes of the files that it is read from.
    licence : str
    """

    name: str
    state: str
    source: str
    folder: Path | None
    size: int
    licence: str

    def as_dict(self) -> dict[str, object]:
        """Return what a JSON file can hold."""
        return vars(self) | {"folder": None if self.folder is None else str(self.folder)}


def entries() -> tuple[Entry, ...]:
    """List the model that is built in, the released ones, and those that were imported."""
    imported = imported_models()
    found = [_entry("mini", "built in", MINI_FOLDER, "GPL-3.0-or-later")]
    for name, model in RELEASED.items():
        if name not in imported:
            source = f"{model.repository}@{model.commit[:12]}"
            found.append(_entry(name, source, snapshot(name), consent.LICENCE))
    for name, folder in imported.items():
        licence = consent.LICENCE if name in RELEASED else "unknown"
        found.append(_entry(name, str(folder), folder, licence))
    return tuple(found)


def _entry(name: str, source: str, folder: Path | None, licence: str) -> Entry:
    if folder is None:
        return Entry(name, "absent", source, None, 0, licence)
    if not folder.is_dir():
        return Entry(name, "gone", source, folder, 0, licence)
    try:
        size = sum((folder / file).stat().st_size for file in files_in(folder))
    except InputError:
        paths = [path for path in folder.glob("*/*") if path.is_file()]
        size = sum(path.stat().st_size for path in paths)
        return Entry(name, "incomplete", source, folder, size, licence)
    return Entry(name, "ready", source, folder, size, licence)
