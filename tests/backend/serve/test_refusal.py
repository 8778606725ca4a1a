# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What errors mean to a client, and that none tells where things lie."""

import errno
from pathlib import Path

import pytest

from era3d.errors import InputError
from era3d.serve.refusal import Refusal, busy, refusal_of, without_folder


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("too small"), 422),
        (OSError(errno.ENOSPC, "No space left"), 507),
        (OSError(errno.EDQUOT, "Quota"), 507),
        (Refusal(404, "none"), 404),
        (busy("later", 5), 429),
    ],
)
def test_what_is_no_fault_of_ours_has_a_status(error, status):
    assert refusal_of(error).status == status


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), ValueError("x"), KeyError("x")])
def test_our_own_faults_are_none(error):
    assert refusal_of(error) is None


def test_a_message_is_never_endless():
    assert len(Refusal(422, "x" * 10_000).message) < 1000


def test_folders_are_taken_out_of_texts(tmp_path):
    text = f"{tmp_path / 'views' / 'a.png'} is bad; {tmp_path} too"
    assert without_folder(text, tmp_path) == f"{Path('views') / 'a.png'} is bad; the job too"
