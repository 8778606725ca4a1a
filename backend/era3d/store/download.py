# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching a released model, checking what is here, and removing it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.progress import Progress, ignore
from era3d.store import hub
from era3d.store.digests import digest
from era3d.store.folders import data_folder
from era3d.store.hub import RemoteFile
from era3d.store.layout import files_in, files_of
from era3d.store.models import RELEASED, HubModel, imported_models, model_folder, snapshot

# Free space that a download leaves, since a full disk stops more than us.
_SPARE = 2**28


def download(name: str, progress: Progress = ignore) -> Path:
    """Fetch what is missing of a released model, checked, and return its folder.

    Parameters
    ----------
    name : str
        One of `era3d.store.models.RELEASED`.
    progress : Progress
        In bytes.

    Raises
    ------
    InputError
        If it cannot be had or the disk is too small; what came so far stays.
    """
    model = RELEASED[name]
    listed = {file.name: file for file in hub.list_files(model)}
    files = [listed[name] for name in files_of(listed)]
    _check_space(model, files)
    there, total = 0, sum(file.size for file in files)

    def advance(count: int) -> None:
        nonlocal there
        there += count
        progress(there, total)

    paths = [hub.fetch(model, file, advance) for file in files]
    write_checksums(name, files)
    return next(path for path in paths if path.parent.name == "unet").parents[1]


def verify(name: str, progress: Progress = ignore) -> list[str]:
    """Read all files of a model and compare their checksums.

    Returns
    -------
    list of str
        Names of files that are missing or damaged.

    Raises
    ------
    InputError
        If the model is not here, or there is nothing to compare with.
    """
    folder = model_folder(name)
    files, bad = _checksums(name), []
    for index, file in enumerate(files):
        path = folder / file.name
        if not path.is_file() or not file.is_in(path):
            bad.append(file.name)
        progress(index + 1, len(files))
    return bad


def discard(name: str, files: Iterable[str]) -> None:
    """Delete damaged files of a downloaded model, so that `download` fetches them again."""
    folder = model_folder(name)
    for file in files:
        if (folder / file).exists():
            hub.discard(folder / file)


def remove(name: str) -> int:
    """Delete a released model from the hub's cache, and return the bytes that this freed.

    Raises
    ------
    InputError
        If the system does not let them go.
    """
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    model, freed = RELEASED[name], 0
    _checksum_file(name).unlink(missing_ok=True)
    for part in (hub.cache_of(model) / "blobs").glob("*.incomplete*"):
        freed += part.stat().st_size
        part.unlink()
    try:
        cache = scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return freed
    commits = {version.commit_hash for repo in cache.repos for version in repo.revisions}
    if model.commit in commits:
        strategy = cache.delete_revisions(model.commit)
        freed += strategy.expected_freed_size
        strategy.execute()
    if snapshot(name) is not None:
        raise InputError(f"Files of {name} are in use or protected; end what uses them, try again.")
    return freed


def checksums_of(folder: Path, progress: Progress = ignore) -> list[RemoteFile]:
    """Work out the checksums of the checkpoint in a folder."""
    names, files = files_in(folder), []
    for index, name in enumerate(names):
        path = folder / name
        files.append(RemoteFile(name, path.stat().st_size, digest(path), ""))
        progress(index + 1, len(names))
    return files


def write_checksums(name: str, files: Iterable[RemoteFile]) -> None:
    """Remember what the files of a model hold."""
    _checksum_file(name).parent.mkdir(parents=True, exist_ok=True)
    write_object(_checksum_file(name), {file.name: asdict(file) for file in files})


def _checksums(name: str) -> list[RemoteFile]:
    """Return what the files of a model should hold; asks the hub if another program fetched it."""
    path = _checksum_file(name)
    if path.is_file():
        way_out = "delete it, then download or import the model again"
        try:
            return [RemoteFile(**entry) for entry in read_object(path, way_out=way_out).values()]
        except TypeError:
            raise InputError(f"{path} holds no checksums; {way_out}.") from None
    if name in RELEASED and name not in imported_models():
        listed = {file.name: file for file in hub.list_files(RELEASED[name])}
        return [listed[name] for name in files_in(model_folder(name)) if name in listed]
    raise InputError(f"There are no checksums of {name}: only downloaded and imported models have.")


def _checksum_file(name: str) -> Path:
    return data_folder() / "checksums" / f"{name}.json"


def _check_space(model: HubModel, files: Iterable[RemoteFile]) -> None:
    wanted = 0
    for file in files:
        part = hub.partial(model, file)
        if hub.cached(model, file) is None:
            wanted += file.size - (part.stat().st_size if part.is_file() else 0)
    place = hub.cache_of(model)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if wanted and wanted + _SPARE > free:
        raise InputError(
            f"The download needs {wanted / 1e9:.1f} GB and {place} has {free / 1e9:.1f} GB free: "
            "free some space, or set HF_HOME to a folder on another disk."
        )
