# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip: what is in it, what is not, and the same bytes each time."""

from __future__ import annotations

import re
import tomllib
import zipfile

import pytest

import build_addon
from build_addon import BuildError


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    pytest.importorskip("hatchling")
    return build_addon.build(tmp_path_factory.mktemp("dist"))


def test_the_addon_is_at_the_top_and_the_backend_inside(archive):
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        manifest = tomllib.loads(packed.read("blender_manifest.toml").decode())
    assert {"__init__.py", "LICENSE", "client/supervisor.py", "ui/panel.py"} <= set(names)
    assert f"backend/era3d-{manifest['version']}-py3-none-any.whl" in names
    assert {"backend/requirements.txt", "backend/torch-version.txt"} <= set(names)
    assert {"installer/__main__.py", "installer/steps.py"} <= set(names)
    assert "manual/addon.html" in names
    assert archive.name == f"era3d-{manifest['version']}.zip"
    assert not [name for name in names if "test" in name or "__pycache__" in name]
    assert names == sorted(names)


def test_the_manual_has_an_anchor_for_each_heading_that_blender_links_to():
    page = build_addon.build_manual()
    source = (build_addon.ADDON / "manual.py").read_text("utf-8")
    linked = set(re.findall(r'", "([a-z-]+)"\)', source))
    assert len(linked) > 8
    assert linked <= set(re.findall(r'<h[12] id="([^"]*)"', page))
    assert "<table>" in page


def test_the_wheel_is_the_backend_with_the_same_version(archive, tmp_path):
    with zipfile.ZipFile(archive) as packed:
        wheel = next(name for name in packed.namelist() if name.endswith(".whl"))
        packed.extract(wheel, tmp_path)
    with zipfile.ZipFile(tmp_path / wheel) as inner:
        names = inner.namelist()
    assert "era3d/stages/__init__.py" in names
    assert not [name for name in names if "bpy" in name or name.startswith("tests")]


def test_the_same_sources_make_the_same_bytes(archive, tmp_path):
    assert build_addon.build(tmp_path).read_bytes() == archive.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"version": "0.1"},
        {"tagline": "Ends with a stop."},
        {"tagline": "x" * 65},
        {"wheel": []},
        {"id": None},
    ],
)
def test_a_manifest_blender_would_refuse_is_refused(change):
    manifest = tomllib.loads(build_addon.MANIFEST.read_text())
    build_addon.check_manifest(manifest)
    broken = {key: value for key, value in (manifest | change).items() if value is not None}
    with pytest.raises(BuildError):
        build_addon.check_manifest(broken)


@pytest.mark.parametrize(
    "line", ["import threading", "from era3d_blender import jobs", "import sys; sys.path.append(1)"]
)
def test_sources_an_extension_must_not_have(tmp_path, line):
    build_addon.check_sources(build_addon.addon_files())
    source = tmp_path / "__init__.py"
    source.write_text(f"def f():\n    {line}\n")
    with pytest.raises(BuildError, match="no place in an extension"):
        build_addon.check_sources({"__init__.py": source})


def test_without_blenders_tool_it_says_so(archive):
    assert "not checked by Blender" in build_addon.validate(archive, None)
    with pytest.raises(BuildError, match="no Blender at /nowhere"):
        build_addon.find_extension_tool("/nowhere/blender")
