# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of an imported job in the sidebar."""

from __future__ import annotations

import types

import glyph
import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes, draw  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def panel(empty_scene):
    from era3d_blender.ui import gallery

    return gallery


def test_the_views_of_an_import(panel, job):
    assert not panel.ERA3D_PT_views.poll(bpy.context)
    bpy.ops.era3d.import_job(directory=str(job))
    assert panel.ERA3D_PT_views.poll(bpy.context)
    notes = draw(panel.ERA3D_PT_views)
    assert notes.operators().count("era3d.look_through") == 6
    assert notes.operators().count("era3d.rebuild") == 3
    names = [text for text in notes.texts() if text][:6]
    assert names == ["Front", "Front Right", "Right", "Back", "Left", "Front Left"]
    weights = [a[1] for name, a, _ in notes.notes if name == "prop"]
    assert weights == ["use_view", "weight"] * 6


def test_an_edited_view_is_marked(panel, job):
    bpy.ops.era3d.import_job(directory=str(job))
    image = bpy.data.objects["letter right"].data.background_images[1].image
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * (image.size[0] * image.size[1]))
    image.update()
    assert "Right *" in draw(panel.ERA3D_PT_views).texts()
    assert "Front" in draw(panel.ERA3D_PT_views).texts()


def test_the_menu_of_a_view_names_operators_that_exist(panel, job):
    bpy.ops.era3d.import_job(directory=str(job))
    notes = Notes()
    context = types.SimpleNamespace(era3d_camera=bpy.data.objects["letter left"])
    panel.ERA3D_MT_view.draw(types.SimpleNamespace(layout=notes), context)
    names = notes.operators()
    assert len(names) == 14
    for name in names:
        assert getattr(bpy.ops.era3d, name.split(".")[1]).get_rna_type()


def test_candidates_are_jobs_of_the_same_picture_that_have_views_only(panel, job, tmp_path):
    from era3d_blender import history
    from era3d_blender.client.history import FINISHED, VIEWS, Record

    bpy.ops.era3d.import_job(directory=str(job))
    root = bpy.data.objects["letter root"]
    folders = {name: glyph.write_job(tmp_path / name) for name in ("same", "meshed", "other")}
    (folders["other"] / "input.png").write_bytes(glyph.png(glyph.view(90)[0]))
    states = {"same": VIEWS, "meshed": FINISHED, "other": VIEWS}
    kept = dict(history.records)
    history.records.clear()
    try:
        history.records["own"] = Record(job, VIEWS, 1.0)
        for name, state in states.items():
            history.records[name] = Record(folders[name], state, 1.0, {"seed": 5})
        assert [record.folder.name for record in panel.candidates_of(root)] == ["same"]
        notes = draw(panel.ERA3D_PT_candidates)
        assert "Seed 5" in notes.texts()
        assert {"era3d.candidate_use", "era3d.resume"} <= set(notes.operators())
    finally:
        history.records.clear()
        history.records.update(kept)


def test_cameras_and_versions_draw(empty_scene, job):
    from era3d_blender.ui.cameras import ERA3D_PT_cameras
    from era3d_blender.ui.result import ERA3D_PT_versions

    bpy.ops.era3d.import_job(directory=str(job))
    assert not ERA3D_PT_versions.poll(bpy.context)  # there is but one
    assert "era3d.show_cameras" not in draw(ERA3D_PT_cameras).operators()
    bpy.ops.era3d.look_through(view="back")
    assert "era3d.show_cameras" in draw(ERA3D_PT_cameras).operators()
    (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    bpy.ops.era3d.update_job(root="letter root")
    assert ERA3D_PT_versions.poll(bpy.context)
    notes = draw(ERA3D_PT_versions)
    assert notes.operators().count("era3d.version_show") == 2
    assert any(text.startswith("2: seed 7, ") for text in notes.texts())
