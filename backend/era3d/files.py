# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that take their place whole, what is left of others, and files that hold JSON."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from era3d.errors import InputError

TEMPORARY = ".tmp-"
"""How the names of unfinished files and folders begin."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Keeps the suffix, since writers choose a format by it.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A temporary folder on the same disk as ``parent``'s files, gone when the block ends."""
    folder = parent / f"{TEMPORARY}{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_up(folder: Path) -> None:
    """Remove what a process left half-written when it was killed."""
    for path in [*folder.glob(f"{TEMPORARY}*"), *folder.glob(f"views/{TEMPORARY}*")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def read_object(
    path: Path, default: dict[str, Any] | None = None, way_out: str = ""
) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    path : path
    default : dict, optional
        What a file that is not there stands for; by default that is an error.
    way_out : str
        What a person may do about a broken file, for the end of the message.

    Raises
    ------
    InputError
        If the file is missing, cannot be read or holds something else; names it.
    """
    ending = f"; {way_out}." if way_out else "."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if default is not None:
            return default
        raise InputError(f"{path} is missing.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read ({error}){ending}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} does not hold a JSON object{ending}")
    return content


def write_object(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object whole or not at all."""
    with replacing(path) as temporary:
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        temporary.write_text(text, encoding="utf-8")
