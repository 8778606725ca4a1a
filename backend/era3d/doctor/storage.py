# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that must be written to, room for a download, and the models that are there."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from era3d.doctor.finding import Finding, ok, problem, warning
from era3d.store.folders import cache_folder, data_folder
from era3d.store.hub import is_offline
from era3d.store.listing import Entry, entries

# Computed from the parameters of a released checkpoint, its text encoder included, in float16.
DOWNLOAD_GB = 4.0


def look_at_storage() -> Iterator[Finding]:
    """Look at folders, free space and models."""
    from huggingface_hub import constants

    hub = Path(constants.HF_HUB_CACHE)
    places = {
        "settings": (data_folder(), "set ERA3D_HOME to a folder of yours"),
        "cache": (cache_folder(), "set ERA3D_HOME to a folder of yours"),
        "downloads": (hub, "set HF_HOME to a folder of yours"),
        "temporary files": (Path(tempfile.gettempdir()), "set TMPDIR to a folder of yours"),
    }
    for what, (folder, way_out) in places.items():
        if (finding := _not_writable(what, folder, way_out)) is not None:
            yield finding
    found = entries()
    for entry in found:
        yield _model(entry)
    free = shutil.disk_usage(_existing(hub)).free / 1e9
    lacks = any(entry.state == "absent" for entry in found)
    if lacks and free < DOWNLOAD_GB:
        yield warning(
            "disk",
            f"{hub} has {free:.1f} GB free; a released model takes about {DOWNLOAD_GB:.0f}.",
            "Free some space, or set HF_HOME to a folder on another disk.",
        )
    else:
        yield ok("disk", f"{free:.0f} GB free in {hub}")
    if is_offline():
        yield ok("model", "downloads are switched off by ERA3D_OFFLINE or HF_HUB_OFFLINE")


def _model(entry: Entry) -> Finding:
    if entry.state == "ready":
        return ok("model", f"{entry.name}: ready, {entry.size / 1e9:.2f} GB, {entry.source}")
    if entry.state == "absent":
        return ok("model", f"{entry.name}: not downloaded (`era3d models download {entry.name}`)")
    if entry.state == "gone":
        return problem(
            "model",
            f"{entry.name}: the folder it was imported from is gone, {entry.folder}",
            f"Put it back, or run `era3d models remove {entry.name}`.",
        )
    advice = f"Run `era3d models download {entry.name}` again."
    if entry.folder is not None and entry.source == str(entry.folder):
        advice = "Put the missing files back, or import another folder."
    return problem("model", f"{entry.name}: files are missing in {entry.folder}", advice)


def _not_writable(what: str, folder: Path, way_out: str) -> Finding | None:
    place = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return None
    except OSError as error:
        text = f"The folder for {what} cannot be written to: {place} ({error.strerror})."
        return problem("disk", text, f"Change its permissions, or {way_out}.")


def _existing(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder
