# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks, closed folders and half models."""

import tempfile
from collections import namedtuple

import pytest

from era3d.doctor import storage
from era3d.doctor.storage import look_at_storage
from era3d.store.models import RELEASED, give_name


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("ERA3D_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def states():
    return {finding.text.split(":")[0]: finding for finding in look_at_storage()}


def test_a_new_machine_is_in_order(machine):
    assert all(finding.state == "ok" for finding in look_at_storage())
    assert "era3d models download 6view" in states()["6view"].text
    assert not any(machine.iterdir())


def test_little_room_is_told(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: usage(9, 9, 2.5e9))
    (found,) = (finding for finding in look_at_storage() if finding.topic == "disk")
    assert found.state == "warning"
    assert "has 2.5 GB free" in found.text


def test_folders_that_are_closed_are_told(machine, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found = [finding for finding in look_at_storage() if finding.state == "problem"]
    assert len(found) == 4
    assert "(Permission denied)" in found[0].text
    assert "ERA3D_HOME" in found[0].advice


def test_half_models_are_told(machine):
    model = RELEASED["ortho"]
    folder = machine / f"hub/models--{model.repository.replace('/', '--')}/snapshots/{model.commit}"
    (folder / "unet").mkdir(parents=True)
    (folder / "unet/config.json").write_text("{}")
    give_name("mine", machine / "gone")
    found = states()
    assert found["ortho"].state == "problem"
    assert "download ortho` again" in found["ortho"].advice
    assert found["mine"].state == "problem"
    assert "models remove mine" in found["mine"].advice
    (machine / "gone").mkdir()
    assert "Put the missing files back" in states()["mine"].advice


def test_offline_is_told(monkeypatch):
    monkeypatch.setenv("ERA3D_OFFLINE", "1")
    assert any("switched off" in finding.text for finding in look_at_storage())
