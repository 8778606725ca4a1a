# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models there are, where their files lie and what tells their versions apart."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.store.digests import digest
from era3d.store.folders import data_folder
from era3d.store.layout import files_in

MINI_FOLDER = Path(__file__).parents[1] / "models" / "mini"


@dataclass(frozen=True)
class HubModel:
    """A released checkpoint on the Hugging Face hub, at one commit."""

    repository: str
    commit: str


RELEASED = {
    "6view": HubModel(
        "pengHTYX/MacLab-Era3D-512-6view", "00732de5cb3417b2a806ced9e92879aacb67c731"
    ),
    "ortho": HubModel(
        "pengHTYX/MacLab-Era3D-512-6view-ortho", "ecd72f13232c5ca5ae4e9b927d8917c9bc079886"
    ),
}


def model_folder(model: str | Path) -> Path:
    """Find the files of a model on this machine; nothing is downloaded.

    Parameters
    ----------
    model : str or path
        ``mini``, the name of an imported model, ``6view``, ``ortho``, or a folder laid out like
        the released checkpoints.

    Raises
    ------
    InputError
        If the files are not there or not complete; says how to get them.
    """
    if model == "mini":
        return MINI_FOLDER
    imported = imported_models().get(str(model))
    if imported is None and model in RELEASED:
        return _downloaded(str(model))
    folder = Path(model).expanduser() if imported is None else imported
    if not folder.is_dir():
        raise InputError(_absent(str(model), folder, imported is not None))
    files_in(folder)
    return folder


def revision(model: str | Path) -> str:
    """Return a fingerprint of a model's files: SHA-256 over their names and contents, 64 digits.

    Weights and settings count, so two models of one revision give the same views.

    Raises
    ------
    InputError
        See `model_folder`.
    """
    folder = model_folder(model)
    listing = [f"{name} {digest(folder / name)}\n" for name in files_in(folder)]
    return hashlib.sha256("".join(listing).encode()).hexdigest()


def snapshot(name: str) -> Path | None:
    """Return the folder in the hub's cache that holds a released model, whole or in part."""
    from huggingface_hub import try_to_load_from_cache

    model = RELEASED[name]
    found = try_to_load_from_cache(model.repository, "unet/config.json", revision=model.commit)
    return Path(found).parents[1] if isinstance(found, str) else None


def imported_models() -> dict[str, Path]:
    """Return the folders that were given a name, by name."""
    entries = read_object(_names_file(), default={}, way_out="delete it, and import models again")
    return {name: Path(folder) for name, folder in entries.items()}


def check_name(name: str) -> None:
    """Raise an `InputError` for what cannot be the name of a model."""
    if name == "mini" or not re.fullmatch(r"\w[\w.-]{0,63}", name):
        raise InputError(
            f"{name} cannot be the name of a model: give another with --name, of letters, digits, "
            "dots, - and _."
        )


def give_name(name: str, folder: Path) -> None:
    """Let ``name`` stand for a folder from now on; see `check_name`."""
    check_name(name)
    _write_names(imported_models() | {name: folder})


def forget_name(name: str) -> None:
    """Let a name stand for nothing again; its folder stays as it is."""
    _write_names({key: folder for key, folder in imported_models().items() if key != name})


def _downloaded(name: str) -> Path:
    folder = snapshot(name)
    if folder is None:
        raise InputError(
            f"The weights of {name} are not on this machine: they do not come with this software. "
            f"Run `era3d models download {name}`, or use the model mini."
        )
    try:
        files_in(folder)
    except InputError as error:
        raise InputError(f"{error} Run `era3d models download {name}` again.") from None
    return folder


def _absent(name: str, folder: Path, imported: bool) -> str:
    if imported:
        return (
            f"The model {name} was imported from {folder}, which is gone: put it back, or run "
            f"`era3d models remove {name}`."
        )
    known = ", ".join(["mini", *RELEASED, *imported_models()])
    return f"There is no model in {folder}: choose {known}, or the folder of a checkpoint."


def _names_file() -> Path:
    return data_folder() / "imported.json"


def _write_names(folders: dict[str, Path]) -> None:
    _names_file().parent.mkdir(parents=True, exist_ok=True)
    write_object(_names_file(), {name: str(folder) for name, folder in sorted(folders.items())})
