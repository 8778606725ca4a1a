# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that take their place whole or not at all."""

import pytest

from era3d.errors import InputError
from era3d.files import read_object, replacing, write_object


def test_what_is_written_is_read(tmp_path):
    write_object(tmp_path / "a.json", {"b": [1, "ü"], "a": None})
    assert read_object(tmp_path / "a.json") == {"b": [1, "ü"], "a": None}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_an_unfinished_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.json"
    write_object(path, {"old": True})

    def fail():
        with replacing(path) as scratch:
            assert scratch.suffix == ".json"
            scratch.write_text("{")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        fail()
    assert read_object(path) == {"old": True}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"[1]", "does not hold a JSON object; mend it"),
        (None, "is missing"),
    ],
)
def test_broken_files_are_named(tmp_path, content, message):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.json {message}"):
        read_object(path, way_out="mend it")


def test_a_missing_file_may_stand_for_something(tmp_path):
    assert read_object(tmp_path / "a.json", default={"x": 1}) == {"x": 1}
