# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend the preferences choose."""

from __future__ import annotations

import types

import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def settings(empty_scene, monkeypatch):
    from era3d_blender import preferences

    settings = types.SimpleNamespace(
        place="local", server="", server_token="secret", backend_python="", torch_build="auto"
    )
    monkeypatch.setattr(preferences, "preferences", lambda: settings)
    return settings


@pytest.mark.local("is about this computer")
def test_without_a_server_this_computer_does_the_work(settings, backend):
    from era3d_blender.preferences import chosen_backend

    backend("good")
    way = chosen_backend()
    assert way.command[1:] == ("-I", "-m", "era3d", "worker")
    assert "ERA3D_TOKEN" not in way.environ


def test_a_server_needs_no_backend_here_and_its_token_is_on_no_command_line(settings, monkeypatch):
    from era3d_blender.preferences import chosen_backend

    monkeypatch.delenv("ERA3D_PYTHON", raising=False)
    settings.place, settings.server = "server", " http://127.0.0.1:8501 "
    way = chosen_backend()
    assert way.command[-1].endswith("carrier")
    assert way.environ["ERA3D_SERVER"] == "http://127.0.0.1:8501"
    assert way.environ["ERA3D_TOKEN"] == "secret"
    assert "secret" not in " ".join(way.command)


def test_another_computer_only_where_blender_may_go_online(settings):
    from era3d_blender.client.environment import BackendMissingError
    from era3d_blender.preferences import chosen_backend

    if bpy.app.online_access:
        pytest.skip("this Blender may go online")
    settings.place, settings.server = "server", "https://studio.example"
    with pytest.raises(BackendMissingError, match="Allow Online Access"):
        chosen_backend()


def test_a_folder_for_jobs_that_cannot_be_is_named(settings, tmp_path):
    from era3d_blender.preferences import new_job_folder

    (tmp_path / "file").touch()
    settings.jobs_folder = str(tmp_path / "file/jobs")
    with pytest.raises(OSError, match=r"Jobs cannot be kept in .*file/jobs: Not a directory"):
        new_job_folder(tmp_path / "cat.png")


def test_a_server_without_an_address_is_asked_for(settings):
    from era3d_blender.client.environment import BackendMissingError
    from era3d_blender.preferences import chosen_backend

    settings.place = "server"
    with pytest.raises(BackendMissingError, match="server's address"):
        chosen_backend()
