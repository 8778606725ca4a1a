# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models there are, where their files lie and what tells their versions apart."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from era3d.errors import InputError

MINI_FOLDER = Path(__file__).parents[1] / "models" / "mini"
_MODEL_FILES = (".safetensors", ".bin", ".json", ".txt")


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
        ``mini``, ``6view``, ``ortho``, or a folder laid out like the released checkpoints.

    Raises
    ------
    InputError
        If the files are not there; says how to get them.
    """
    if model == "mini":
        folder = MINI_FOLDER
    elif model in RELEASED:
        folder = _snapshot(str(model))
    else:
        folder = Path(model).expanduser()
    if not (folder / "unet").is_dir():
        raise InputError(
            f"There is no model in {folder}: choose mini, {', '.join(RELEASED)}, or a folder that "
            "holds unet, scheduler and the other parts of a checkpoint."
        )
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
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in _MODEL_FILES)
    listing = []
    for path in paths:
        state = path.stat()
        digest = _file_digest(path, state.st_size, state.st_mtime_ns)
        listing.append(f"{path.relative_to(folder).as_posix()} {digest}\n")
    return hashlib.sha256("".join(listing).encode()).hexdigest()


def _snapshot(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    model = RELEASED[name]
    try:
        return Path(
            snapshot_download(model.repository, revision=model.commit, local_files_only=True)
        )
    except LocalEntryNotFoundError:
        raise InputError(
            f"The weights of {name} are not on this machine and do not come with this software. "
            "Statements about their licence conflict: AGPL-3.0 in the authors' repository, "
            "Apache-2.0 on the model card, research only according to the author. If you may use "
            f"them, download {model.repository} at revision {model.commit} and give its folder as "
            "the model, or use the model mini."
        ) from None


@functools.cache
def _file_digest(path: Path, size: int, modified_ns: int) -> str:
    """SHA-256 of a file; size and time tell a cached answer from one for an older file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
