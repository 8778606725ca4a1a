# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel draws in each state, on a layout that only takes notes."""

from __future__ import annotations

import types

import glyph
import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes, draw  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def panel(empty_scene):
    from era3d_blender.ui import panel

    return panel


@pytest.fixture
def supervisor(tmp_path, panel):
    """A job in a state of one's choice, without a backend."""
    from era3d_blender import jobs
    from era3d_blender.client.supervisor import Supervisor

    job = Supervisor(["python"], tmp_path, {})
    job.state = "running"
    jobs.adopt(job)
    return job


def test_at_first(panel):
    notes = draw(panel.ERA3D_PT_main)
    assert notes.operators()[-2:] == ["era3d.generate", "era3d.import_job"]
    assert ("template_ID") in [name for name, _, _ in notes.notes]


def test_with_a_picture_the_preview_may_be_missing(panel, tmp_path):
    (tmp_path / "cat.png").write_bytes(glyph.png(glyph.view(0)[0]))
    bpy.ops.era3d.choose_picture(filepath=str(tmp_path / "cat.png"))
    draw(panel.ERA3D_PT_main)  # in background a preview's icon is 0


def test_while_a_job_runs(panel, supervisor):
    supervisor.stages["prepare"].state = "finished"
    supervisor.stages["prepare"].seconds = 1.25
    views = supervisor.stages["views"]
    views.state, views.step, views.of = "running", 12, 40
    notes = draw(panel.ERA3D_PT_main)
    bars = [options for name, _, options in notes.notes if name == "progress"]
    assert [bar["factor"] for bar in bars] == [1.0, 0.3, 0.0, 0.0]
    assert "12 / 40" in bars[1]["text"]
    assert "era3d.cancel" in notes.operators()


def test_warnings_are_drawn_while_a_job_runs_and_after_it(panel, supervisor):
    from era3d_blender.client.events import Event

    words = "The back view shows nothing; the mesh was made of five views. " * 2
    supervisor._take(Event("warning", stage="mesh", message=words))
    for state in ("running", "finished"):
        supervisor.state = state
        lines = [o["text"] for n, _, o in draw(panel.ERA3D_PT_main).notes if n == "label"]
        assert words.replace(" ", "") in "".join(lines).replace(" ", "")


def test_the_newest_preview_is_read_once(panel, supervisor, tmp_path):
    from era3d_blender.client.events import Event
    from era3d_blender.ui import preview

    class Icons(dict):
        """Stands in for Blender's icons, which are 0 in background."""

        def load(self, name, path, kind):
            assert kind == "IMAGE"
            loaded.append(path)
            self[name] = types.SimpleNamespace(icon_id=7)

    loaded, kept = [], preview._icons
    preview._icons = Icons()
    try:
        assert preview.icon_of(supervisor) == 0
        (tmp_path / "preview.png").write_bytes(glyph.png(glyph.view(0)[0]))
        for _ in range(2):
            supervisor._take(Event("preview", stage="views", preview="preview.png"))
            assert preview.icon_of(supervisor) == preview.icon_of(supervisor) == 7
        assert loaded == [str(tmp_path / "preview.png")] * 2
        icons = [o for n, _, o in draw(panel.ERA3D_PT_main).notes if n == "template_icon"]
        assert [icon["icon_value"] for icon in icons] == [7]
    finally:
        preview._icons = kept


def test_after_a_failure(panel, supervisor):
    supervisor.state, supervisor.message = "failed", "The backend stopped (exit code 3); oh " * 9
    notes = draw(panel.ERA3D_PT_main)
    assert {"era3d.open_log", "era3d.copy_details"} <= set(notes.operators())
    lines = [o["text"] for n, _, o in notes.notes if n == "label"]
    assert "".join(lines).replace(" ", "") == supervisor.message.replace(" ", "")
    assert max(map(len, lines)) < 60  # wrapped to the sidebar


def test_after_a_cancellation_one_can_go_on(panel, supervisor):
    supervisor.state = "cancelled"
    notes = draw(panel.ERA3D_PT_main)
    assert "era3d.resume" in notes.operators()


def test_after_success(panel, supervisor):
    from era3d_blender import jobs

    supervisor.state = "finished"
    assert "Import Again" in draw(panel.ERA3D_PT_main).texts()
    jobs.tasks.append(jobs.Task(supervisor, unseen=True))
    notes = draw(panel.ERA3D_PT_main)
    assert "Import" in notes.texts()
    assert "era3d.open_folder" in notes.operators()


def test_the_states_of_the_backend(empty_scene, tmp_path):
    from pathlib import Path

    from era3d_blender import installation
    from era3d_blender.client.setup import Installed
    from era3d_blender.client.supervisor import Supervisor
    from era3d_blender.installer.plan import STAGES
    from era3d_blender.ui.backend import draw_backend

    def drawn(own=None):
        notes = Notes()
        draw_backend(notes, types.SimpleNamespace(), own)
        return notes

    assert drawn().operators() == ["era3d.set_up"]
    there = drawn(Installed(Path("python"), 1234))
    assert there.operators() == ["era3d.remove_backend"]
    assert any("1,234 MB" in text for text in there.texts())
    installer = Supervisor(["python"], tmp_path, {}, stage_names=STAGES)
    installer.state = "running"
    installation.current = installer
    try:
        installer.stages["tool"].state = "finished"
        installer.stages["environment"].state = "running"
        under_way = drawn()
        assert under_way.operators() == ["era3d.open_log", "era3d.cancel_set_up"]
        installer.log.write_text("Downloading torch")
        bpy.ops.era3d.open_log(of="set_up")
        assert bpy.data.texts["Era3D log"].as_string() == "Downloading torch"
        (bar,) = [options for name, _, options in under_way.notes if name == "progress"]
        assert bar["factor"] == pytest.approx(1 / len(STAGES))
        installer.state, installer.message = "failed", "The disk is full. " * 20
        words = "".join(drawn().texts())
        assert installer.message.replace(" ", "") in words.replace(" ", "")
    finally:
        installation.current = None


def test_every_operator_drawn_is_registered(panel, job, supervisor):
    supervisor.state = "failed"
    bpy.ops.era3d.import_job(directory=str(job))
    names = draw(panel.ERA3D_PT_main).operators()
    for name in names:
        assert getattr(bpy.ops.era3d, name.split(".")[1]).get_rna_type()
