# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of clients never leave the job folder, whatever they are."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from era3d.serve.files import find_file, list_files
from era3d.serve.refusal import Refusal

_PIECES = ["..", ".", "", "views", "job.json", ".server.json", "secret", "link", "/", "\\", "~"]
_PIECES += ["C:", "nul", "%2e%2e", "..%2f", "\0", "ö", "mesh.glb.", "mesh.glb::$DATA", "out"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    (root / "secret").write_text("secret")
    job = root / "job"
    (job / "views").mkdir(parents=True)
    for name in ("job.json", "mesh.glb", "views/color_front.png"):
        (job / name).write_bytes(name.encode())
    for name in (".server.json", ".lock", ".tmp-1-mesh.glb", "events.jsonl", "log.txt"):
        (job / name).write_text("not for clients")
    (job / "link").symlink_to(root / "secret")
    (job / "out").symlink_to(root)
    return job


def test_what_is_there_is_found_and_described(folder):
    assert find_file(folder, "views/color_front.png").read_bytes() == b"views/color_front.png"
    listed = list_files(folder)
    assert [each["path"] for each in listed] == ["job.json", "mesh.glb", "views/color_front.png"]
    for each in listed:
        content = each["path"].encode()
        assert each["size"] == len(content)
        assert each["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_checksum_follows_the_content(tmp_path):
    path = tmp_path / "mesh.glb"
    path.write_bytes(b"one")
    before = list_files(tmp_path)[0]["sha256"]
    path.with_name("other").write_bytes(b"two")
    path.with_name("other").replace(path)
    assert list_files(tmp_path)[0]["sha256"] == hashlib.sha256(b"two").hexdigest() != before


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(_PIECES), max_size=5).map("/".join),
        st.lists(st.sampled_from(_PIECES), max_size=5).map("".join),
    )
)
def test_only_listed_files_are_found(folder, name):
    if name in [each["path"] for each in list_files(folder)]:
        assert os.path.realpath(find_file(folder, name)) == str(folder.resolve() / name)
    else:
        with pytest.raises(Refusal):
            find_file(folder, name)


@pytest.mark.parametrize(
    "name",
    [
        *("../secret", "/etc/passwd", "link", "out/secret", "views/../../secret", ".server.json"),
        *("views", "views/", "", "events.jsonl", "views/../events.jsonl", "log.txt"),
        ".tmp-1-mesh.glb",
    ],
)
def test_what_must_not_be_seen_is_not_there(folder, name):
    with pytest.raises(Refusal, match="no such file"):
        find_file(folder, name)
