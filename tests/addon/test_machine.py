# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's page and the models', with a backend that answers or does not."""

from __future__ import annotations

import time

import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def machine(empty_scene, backend, tmp_path, monkeypatch):
    from era3d_blender import machine

    monkeypatch.setenv("ERA3D_FAKE_WEIGHTS", str(tmp_path / "weights"))
    backend("good")
    yield machine
    machine.unregister()
    machine.register()


def drawn(draw):
    notes = Notes()
    draw(notes)
    return notes


def test_the_doctors_page(machine):
    from era3d_blender.ui.machine import draw_doctor

    assert drawn(draw_doctor).operators() == ["era3d.doctor", "era3d.copy_report"]
    assert bpy.ops.era3d.doctor() == {"FINISHED"}
    texts = drawn(draw_doctor).texts()
    assert {"Python is there", "No card", "Buy one."} <= set(texts)
    assert bpy.ops.era3d.copy_report.poll()


def test_a_timer_takes_the_answers(machine, fake_python):
    from era3d_blender.ui.machine import draw_doctor

    machine.ask(fake_python)
    assert machine.asking()
    assert not bpy.ops.era3d.doctor.poll()  # once at a time
    assert "Asking the backend ..." in drawn(draw_doctor).texts()
    until, longest = time.monotonic() + 20, 0.0
    while machine.asking():
        start = time.process_time()
        machine._tick()
        longest = max(longest, time.process_time() - start)
        assert time.monotonic() < until
        time.sleep(0.01)
    assert machine.models["models"][0]["name"] == "mini"


def test_a_backend_that_does_not_answer(machine, backend):
    from era3d_blender.ui.machine import draw_doctor

    backend("dies")
    with pytest.raises(RuntimeError, match="does not answer: no such module"):
        bpy.ops.era3d.doctor()
    assert "no such module" in drawn(draw_doctor).texts()


def test_models_are_downloaded_after_consent_and_removed(machine, monkeypatch, tmp_path):
    from era3d_blender.operators.download_model import ERA3D_OT_download_model
    from era3d_blender.ui.machine import draw_models

    assert drawn(draw_models).operators() == []
    bpy.ops.era3d.doctor()
    notes = drawn(draw_models)
    assert notes.operators() == ["era3d.download_model"]  # mini came with the backend
    assert any("GB used" in text for text in notes.texts())
    asked = Notes()
    ERA3D_OT_download_model.draw(type("Operator", (), {"layout": asked}), bpy.context)
    assert asked.texts()[1:3] == ["Whose they are", "is disputed."]
    if not bpy.app.online_access:
        assert not bpy.ops.era3d.download_model.poll()
    monkeypatch.setattr(ERA3D_OT_download_model, "poll", classmethod(lambda cls, context: True))
    bpy.utils.unregister_class(ERA3D_OT_download_model)
    bpy.utils.register_class(ERA3D_OT_download_model)
    with pytest.raises(RuntimeError, match="box was not ticked"):
        bpy.ops.era3d.download_model(name="6view")
    assert not (tmp_path / "weights").exists()
    assert bpy.ops.era3d.download_model(name="6view", agree=True) == {"FINISHED"}
    bpy.ops.era3d.doctor()
    assert drawn(draw_models).operators() == ["era3d.remove_model"]
    assert bpy.ops.era3d.remove_model(name="6view") == {"FINISHED"}
    assert not (tmp_path / "weights").exists()
    machine.wait()
    assert drawn(draw_models).operators() == ["era3d.download_model"]
    monkeypatch.undo()
    bpy.utils.unregister_class(ERA3D_OT_download_model)
    bpy.utils.register_class(ERA3D_OT_download_model)


def test_the_bar_of_a_download(machine, fake_python, tmp_path):
    from era3d_blender.client import question
    from era3d_blender.ui.machine import draw_models

    run = question.download(fake_python, "6view", tmp_path)
    machine.start_download(run)
    status = run.stages["download"]
    status.state, status.step, status.of = "running", 2_500_000_000, 10_000_000_000
    notes = drawn(draw_models)
    (bar,) = [options for name, _, options in notes.notes if name == "progress"]
    assert (bar["factor"], bar["text"]) == (0.25, "2.50 / 10.00 GB")
    assert "era3d.cancel_download" in notes.operators()
    until = time.monotonic() + 20
    while run.active and time.monotonic() < until:
        run.poll()
        time.sleep(0.01)
    assert run.state == "finished"
    assert (status.step, status.of) == (100, 100)


def test_the_preferences_of_this_computer_and_of_a_server(machine):
    import types

    from era3d_blender.preferences import Era3DPreferences

    notes = Notes()
    stand_in = types.SimpleNamespace(layout=notes, place="local", jobs_folder="/nowhere/jobs")
    stand_in._draw_local = lambda layout: Era3DPreferences._draw_local(stand_in, layout)
    Era3DPreferences.draw(stand_in, bpy.context)
    expected = ["era3d.set_up", "era3d.check_backend", "era3d.doctor", "era3d.copy_report"]
    assert notes.operators() == expected
    assert "There is no such folder; it will be made" in notes.texts()
    notes.notes.clear()
    stand_in.place = "server"
    Era3DPreferences.draw(stand_in, bpy.context)
    assert {a[1] for name, a, _ in notes.notes if name == "prop"} >= {"server", "server_token"}
    assert notes.operators() == []
