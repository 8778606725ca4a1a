# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which uv the installer takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[3] / "era3d_blender" / "installer"


@pytest.fixture
def tools(monkeypatch):
    """The module, imported as the installer's process does."""
    monkeypatch.syspath_prepend(str(INSTALLER))
    for name in ("tools", "plan"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import tools

    yield tools
    for name in ("tools", "plan"):
        sys.modules.pop(name, None)


def program(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True)
    path = folder / "uv"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_uv_that_works_is_taken_from_the_path_or_our_own(tools, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert tools.find_uv(tmp_path) is None
    own = program(tmp_path / "uv/bin", "echo uv 0.13.9")
    assert tools.find_uv(tmp_path)._program == str(own)
    shim = program(tmp_path / "bin", "echo 'uv: command not found' >&2; exit 127")
    assert tools.find_uv(tmp_path)._program == str(own)
    shim.write_text("#!/bin/sh\necho uv 0.13.9\n")
    assert tools.find_uv(tmp_path)._program == str(shim)
