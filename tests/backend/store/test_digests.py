# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums are worked out once a file, and again when it changed."""

import hashlib
import os

import pytest

from era3d.store import digests
from era3d.store.digests import digest
from era3d.store.folders import cache_folder


@pytest.fixture
def count(machine, monkeypatch):
    """How often a file was read."""
    read = []
    fresh = digests.fresh_digest
    monkeypatch.setattr(digests, "fresh_digest", lambda path: read.append(path) or fresh(path))
    monkeypatch.setattr(digests, "_WORTH_KEEPING", 10)
    return read


@pytest.fixture
def path(tmp_path):
    (tmp_path / "weights").write_bytes(b"0123456789")
    return tmp_path / "weights"


def test_a_file_is_read_once(count, path):
    wanted = hashlib.sha256(b"0123456789").hexdigest()
    assert digest(path) == digest(path) == wanted
    (path.parent / "link").symlink_to(path)
    assert digest(path.parent / "link") == wanted
    assert len(count) == 1


def test_a_file_that_changed_is_read_again(count, path):
    digest(path)
    time = path.stat().st_mtime_ns
    path.write_bytes(b"012345678?")
    os.utime(path, ns=(time + 1, time + 1))
    assert digest(path) == hashlib.sha256(b"012345678?").hexdigest()
    assert len(count) == 2


def test_small_files_are_not_remembered(count, path):
    path.write_bytes(b"0")
    digest(path)
    assert digest(path) == hashlib.sha256(b"0").hexdigest()
    assert not cache_folder().exists()


@pytest.mark.parametrize("damage", ["{", '{"x": 3}', "[]"])
def test_a_broken_memory_does_no_harm(count, path, damage):
    digest(path)
    (cache_folder() / "digests.json").write_text(damage)
    assert digest(path) == hashlib.sha256(b"0123456789").hexdigest()


def test_where_nothing_can_be_written_files_are_read_again(count, path, machine):
    (machine / "home").write_text("a file, not a folder")
    assert digest(path) == digest(path)
    assert len(count) == 2
