# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about the licence of Era3D's weights, and whether the user decided to take them."""

import datetime
from pathlib import Path

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.store.folders import data_folder

NOTICE = """\
The weights of Era3D (6view and ortho) do not come with this software. They belong to their authors,
and what is said about their licence conflicts:

  AGPL-3.0        the authors' repository, github.com/pengHTYX/Era3D, also for the pretrained model
  Apache-2.0      the model card on the Hugging Face hub
  research only   the author, asked in September 2024 (issue 40 of that repository)

Only you can find out and decide whether you may use them for what you do.
"""
LICENCE = "AGPL-3.0, Apache-2.0 or research only: statements conflict"


def is_given() -> bool:
    """Whether the user agreed to what `NOTICE` says, in these words."""
    try:
        return read_object(_file(), default={}).get("notice") == NOTICE
    except InputError:
        return False


def give() -> None:
    """Remember that the user agreed."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    write_object(_file(), {"agreed": now, "notice": NOTICE})


def _file() -> Path:
    return data_folder() / "consent.json"
