# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each system keeps such things."""

from pathlib import Path

import pytest

from era3d.store import folders
from era3d.store.folders import cache_folder, data_folder


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("ERA3D_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))


@pytest.mark.parametrize(
    ("platform", "data", "cache"),
    [
        ("linux", ".local/share/era3d", ".cache/era3d"),
        ("darwin", "Library/Application Support/era3d", "Library/Caches/era3d"),
        ("win32", "AppData/Local/era3d", "AppData/Local/era3d/cache"),
    ],
)
def test_the_usual_places(monkeypatch, platform, data, cache):
    monkeypatch.setattr(folders.sys, "platform", platform)
    assert data_folder() == Path("/home/ada") / data
    assert cache_folder() == Path("/home/ada") / cache


def test_places_that_were_chosen(monkeypatch):
    monkeypatch.setattr(folders.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert (data_folder(), cache_folder()) == (Path("/data/era3d"), Path("/cache/era3d"))
    monkeypatch.setenv("ERA3D_HOME", "/own")
    assert (data_folder(), cache_folder()) == (Path("/own"), Path("/own/cache"))
