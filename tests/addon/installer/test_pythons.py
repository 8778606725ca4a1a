# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python the backend's environment is built on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[3] / "era3d_blender" / "installer"


@pytest.fixture
def pythons(monkeypatch):
    """The module, imported as the installer's process does."""
    monkeypatch.syspath_prepend(str(INSTALLER))
    for name in ("pythons", "report"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import pythons

    yield pythons
    for name in ("pythons", "report"):
        sys.modules.pop(name, None)


@pytest.fixture
def offered(pythons, tmp_path, monkeypatch):
    """Offer interpreters that say a version, or nothing, and have venv or not."""

    def offer(*scripts: str) -> list[str]:
        paths = []
        for number, script in enumerate(scripts):
            path = tmp_path / f"python{number}"
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
            paths.append(str(path))
        monkeypatch.setattr(pythons, "_candidates", lambda: iter(paths))
        return paths

    return offer


SHIM = "exit 127"
OLD, BARE = 'echo "3 9"', 'case "$3" in *venv*) exit 1;; *) echo "3 13";; esac'
GOOD = 'echo "3 12"'


def test_shims_and_old_ones_are_passed_over(pythons, offered):
    paths = offered(SHIM, OLD, "echo nonsense", GOOD)
    assert pythons.find_python("", with_venv=True) == paths[3]


def test_uv_needs_no_venv(pythons, offered):
    paths = offered(BARE, GOOD)
    assert pythons.find_python("", with_venv=False) == paths[0]
    assert pythons.find_python("", with_venv=True) == paths[1]


def test_a_python_without_venv_is_named_with_the_way_out(pythons, offered):
    paths = offered(OLD, BARE)
    with pytest.raises(pythons.InstallError, match=rf"{paths[1]} cannot .* python3-venv"):
        pythons.find_python("", with_venv=True)


def test_none_at_all(pythons, offered):
    offered(SHIM, OLD)
    assert pythons.find_python("", with_venv=True) is None


def test_a_chosen_one_that_will_not_do_is_refused(pythons, offered):
    (old,) = offered(OLD)
    with pytest.raises(pythons.InstallError, match=r"is no Python 3\.11 to 3\.14"):
        pythons.find_python(old, with_venv=False)
