# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions for scripts, with a backend that behaves or does not."""

from __future__ import annotations

import glyph
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def api(empty_scene, backend):
    from era3d_blender import api

    backend("good")
    return api


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'mèng\'s "猫".png'
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    return path


def test_generate_returns_what_it_made(api, picture, tmp_path):
    heard = []
    made = api.generate(picture, tmp_path / "job", on_event=heard.append, seed=4, cells=96)
    assert made.mesh.type == "MESH"
    assert bpy.context.active_object == made.mesh
    assert set(made.cameras) >= {"front", "back"}
    assert [event.kind for event in heard].count("finished") == 4
    assert '"request": {"seed": 4, "cells": 96}' in (tmp_path / "job/log.txt").read_text()


def test_a_stage_to_stop_at_is_handed_over(api, picture, tmp_path):
    api.make(picture, tmp_path / "job", until="views")
    assert '"until": "views"' in (tmp_path / "job/log.txt").read_text()
    assert not bpy.data.objects


def test_rebuild_updates_the_object(api, picture, tmp_path):
    made = api.generate(picture, tmp_path / "job")
    made.mesh.location.x = 3.0
    assert api.rebuild(made.mesh, "texture", texture_size=512) == made.mesh
    assert made.mesh.location.x == 3.0
    log = (tmp_path / "job/log.txt").read_text()
    assert '"from": "texture"' in log
    assert '"request": {"texture_size": 512}' in log
    other = bpy.data.objects.new("other", None)
    with pytest.raises(ValueError, match="does not belong"):
        api.rebuild(other)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("complains", 2),
        pytest.param("dies", 3, marks=pytest.mark.local("a server says 1 of any crash")),
    ],
)
def test_failures_are_raised_with_the_folder(api, backend, picture, tmp_path, mode, code):
    backend(mode)
    with pytest.raises(api.JobError) as caught:
        api.generate(picture, tmp_path / "job")
    assert (caught.value.folder, caught.value.exit_code) == (tmp_path / "job", code)
    assert not bpy.data.objects


def test_what_is_not_there_is_named(api, picture, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no picture at"):
        api.generate(tmp_path / "nothing.png")
    with pytest.raises(FileNotFoundError, match="no job folder at"):
        api.run(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no picture in"):
        next(api.batch(tmp_path / "empty", tmp_path, print))
    monkeypatch.delenv("ERA3D_PYTHON")
    with pytest.raises(api.BackendMissingError):
        api.generate(picture)


def test_a_bad_picture_stops_no_batch(api, backend, tmp_path, monkeypatch):
    from era3d_blender import backend as process

    folder, saved = tmp_path / "pictures", []
    folder.mkdir()
    for name in ("a.png", "b.png", "b.jpg"):
        (folder / name).write_bytes(glyph.png(glyph.view(0)[0]))
    (folder / "notes.txt").write_text("no picture")
    outcomes = []

    def save(job, blend):
        if job.name == "b.jpg":
            raise OSError("No space left on device")
        saved.append(blend.name)

    for outcome in api.batch(folder, tmp_path / "out", save):
        outcomes.append(outcome)
        if len(outcomes) == 2:
            process.close()
    assert saved == ["a.blend", "b.png.blend"]
    assert [outcome.state for outcome in outcomes] == ["finished", "failed", "finished"]
    assert outcomes[1].message == "No space left on device"
    assert outcomes[0].stages["mesh"] == 0.1
