# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: shown once, kept as hashes, in a file that nobody else may read."""

import os
import stat

import pytest

from era3d.errors import InputError
from era3d.serve.tokens import Owners, hash_of, new_token, owner_of, read_tokens


def test_a_token_is_kept_as_a_hash_in_a_file_of_mode_600(tmp_path):
    path = tmp_path / "deep" / "tokens.txt"
    first, second = new_token(path), new_token(path)
    assert first != second
    assert len(first) >= 43
    assert first not in path.read_text()
    assert read_tokens(path) == {hash_of(first), hash_of(second)}
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_means_no_tokens(tmp_path):
    assert read_tokens(tmp_path / "none") == frozenset()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_open_is_refused_with_a_way_out(tmp_path, mode):
    path = tmp_path / "tokens.txt"
    new_token(path)
    path.chmod(mode)
    for action in (read_tokens, new_token):
        with pytest.raises(InputError, match="chmod 600"):
            action(path)


@pytest.mark.parametrize("line", ["secret", "a" * 63, "g" * 64, "", "a" * 64 + "b"])
def test_a_file_with_something_else_in_it_is_refused_without_repeating_it(tmp_path, line):
    path = tmp_path / "tokens.txt"
    new_token(path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_tokens(path)
    assert not line or line not in str(caught.value)


def test_only_the_token_itself_has_an_owner():
    owners = {hash_of("one"), hash_of("two")}
    assert owner_of("two", owners) == hash_of("two")
    for wrong in ("", "On", "one ", hash_of("one"), "zwölf"):
        assert owner_of(wrong, owners) is None


def test_a_file_that_changes_counts_at_once(tmp_path):
    path = tmp_path / "tokens"
    owners = Owners(frozenset(), path)
    assert not owners.are_asked_for
    first = new_token(path)
    assert owners.are_asked_for
    second = new_token(path)
    assert owners.now == {hash_of(first), hash_of(second)}
    path.write_text(f"{hash_of(second)}\n")
    assert owners.now == {hash_of(second)}


def test_who_withdraws_the_last_token_does_not_open_the_door(tmp_path):
    path = tmp_path / "tokens"
    new_token(path)
    owners = Owners(frozenset(), path)
    path.unlink()
    assert owners.now == frozenset()
    assert owners.are_asked_for


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_file_that_is_spoiled_meanwhile_leaves_the_tokens_as_they_were(tmp_path, caplog):
    path = tmp_path / "tokens"
    token = new_token(path)
    owners = Owners(frozenset(), path)
    path.chmod(0o644)
    assert owners.now == {hash_of(token)}
    assert "chmod 600" in caplog.text
    assert token not in caplog.text
    path.write_text("what is this\n")
    assert owners.now == {hash_of(token)}
