# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a job in the sidebar, and the presets that set them."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes, draw  # noqa: E402

pytestmark = pytest.mark.bpy


def test_every_setting_of_a_request_is_drawn(empty_scene):
    from era3d_blender.properties import names
    from era3d_blender.ui import generate

    notes = [draw(panel) for panel in generate.CLASSES]
    top = Notes()
    empty_scene.era3d.model = "CUSTOM"
    generate.draw_settings(top, empty_scene.era3d, None)
    drawn = {a[1] for note in [*notes, top] for name, a, _ in note.notes if name == "prop"}
    assert set(names()) - drawn <= {"crop_size"}  # which is beside the picture
    assert {"count", "keep_seed"} <= drawn


def test_names_go_inside_where_the_sidebar_is_narrow(empty_scene):
    from era3d_blender.ui.sidebar import letters, narrow

    assert not narrow(types.SimpleNamespace(width=300))
    assert narrow(types.SimpleNamespace(width=160))
    assert letters(types.SimpleNamespace(width=40)) == 20


@pytest.mark.parametrize("name", ["Draft", "Standard", "Reference"])
def test_the_presets_that_come_along(empty_scene, name):
    from era3d_blender.ui.presets import SHIPPED

    settings = empty_scene.era3d
    settings.seed, settings.device = 7, "cpu"
    bpy.ops.script.execute_preset(
        filepath=str(SHIPPED / f"{name}.py"), menu_idname="ERA3D_MT_presets"
    )
    assert settings.quality == name.lower()
    assert (settings.seed, settings.device) == (7, "cpu")
    assert bpy.types.ERA3D_MT_presets.bl_label == name
    bpy.types.ERA3D_MT_presets.bl_label = "Presets"
    if name == "Standard":
        plain = {p.identifier: p.default for p in settings.bl_rna.properties if p.type == "INT"}
        assert (settings.cells, settings.faces) == (plain["cells"], plain["faces"])


def test_presets_of_ones_own_are_kept_listed_and_removed(empty_scene, backend):
    settings = empty_scene.era3d
    settings.cells, settings.symmetric = 111, True
    bpy.ops.era3d.preset_add(name="My chairs")
    kept = Path(bpy.utils.user_resource("SCRIPTS")) / "presets/era3d/My_chairs.py"
    assert kept.is_file()  # not beside the add-on
    settings.cells, settings.symmetric = 176, False
    bpy.ops.script.execute_preset(filepath=str(kept), menu_idname="ERA3D_MT_presets")
    assert (settings.cells, settings.symmetric) == (111, True)
    assert bpy.ops.era3d.preset_add(remove_active=True) == {"FINISHED"}
    assert not kept.exists()


def test_a_seed_by_chance(empty_scene):
    seeds = set()
    for _ in range(3):
        bpy.ops.era3d.random_seed()
        seeds.add(empty_scene.era3d.seed)
    assert len(seeds) > 1
