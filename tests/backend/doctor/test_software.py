# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments that lack something, or hold something that breaks the rest."""

import importlib.util
from importlib import metadata

import pytest

from era3d.doctor import software
from era3d.doctor.software import look_at_software, torch_starts


def packages(monkeypatch, **versions):
    """Pretend these versions; None is a package that is missing."""
    real = metadata.version

    def version(name):
        found = versions.get(name, real) if name in versions else real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(software.metadata, "version", version)


def test_this_environment_is_in_order():
    found = list(look_at_software())
    assert all(finding.state == "ok" for finding in found)
    assert torch_starts() is None


def test_missing_and_old_packages_are_named(monkeypatch):
    packages(monkeypatch, diffusers="0.30.0", xatlas=None)
    found = next(f for f in look_at_software() if f.state == "problem")
    assert "diffusers is 0.30.0, not >=" in found.text
    assert "Repair" in found.advice


@pytest.mark.parametrize("error", [RuntimeError("operator torchvision::nms does not exist"), None])
def test_a_torchvision_for_another_pytorch_is_named(monkeypatch, error):
    def load(name):
        if error is not None:
            raise error

    packages(monkeypatch, torchvision="0.28.0")
    monkeypatch.setattr(software.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(software.importlib, "import_module", load)
    found = next(f for f in look_at_software() if "torchvision" in f.text)
    assert found.state == ("problem" if error else "ok")
    if error:
        assert "nms does not exist" in found.text
        assert "pip uninstall torchvision" in found.advice


def test_a_pytorch_that_does_not_start_is_told(monkeypatch):
    def fail(name):
        raise OSError("libtorch.so: cannot open shared object file\nmore")

    monkeypatch.setattr(software.importlib, "import_module", fail)
    found = torch_starts()
    assert found.state == "problem"
    assert "libtorch.so: cannot open" in found.text
    assert "Redistributable" not in found.advice
    monkeypatch.setattr(software.sys, "platform", "win32")
    assert "Redistributable" in torch_starts().advice
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "not installed" in torch_starts().text
