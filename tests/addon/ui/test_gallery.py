# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of an imported job in the sidebar."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")
from notes import draw  # noqa: E402

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
    assert notes.operators().count("era3d.rebuild") == 2
    names = [text for text in notes.texts() if text][:6]
    assert names == ["Front", "Front Right", "Right", "Back", "Left", "Front Left"]
    assert "era3d.show_cameras" not in notes.operators()
    bpy.ops.era3d.look_through(view="back")
    assert "era3d.show_cameras" in draw(panel.ERA3D_PT_views).operators()
