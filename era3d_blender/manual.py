# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""F1 and "Online Manual" on anything of ours open the page that came with the add-on."""

from __future__ import annotations

from pathlib import Path

import bpy

# In the zip the page is beside this file, in the sources under docs.
_PLACES = (
    Path(__file__).with_name("manual") / "addon.html",
    Path(__file__).parents[1] / "docs" / "addon.md",
)
# What is about what: a pattern of Blender's names, and the heading that tells of it.
HEADINGS = (
    ("bpy.ops.era3d.generate*", "generate"),
    ("bpy.ops.era3d.random_seed*", "generate"),
    ("bpy.ops.era3d.preset*", "presets"),
    ("bpy.types.era3dsettings.picture*", "the-picture"),
    ("bpy.types.era3dsettings.mask*", "the-picture"),
    ("bpy.types.era3dsettings.crop_size*", "the-picture"),
    ("bpy.types.era3dsettings*", "settings"),
    ("bpy.types.era3dobject*", "views"),
    ("bpy.types.era3dversion*", "versions"),
    ("bpy.types.era3dpreferences*", "set-up"),
    ("bpy.types.era3dhistory*", "history"),
    ("bpy.ops.era3d.queue*", "the-queue"),
    ("bpy.ops.era3d.cancel", "the-queue"),
    ("bpy.ops.era3d.history*", "history"),
    ("bpy.ops.era3d.resume*", "history"),
    ("bpy.ops.era3d.copy_settings*", "history"),
    ("bpy.ops.era3d.set_up*", "set-up"),
    ("bpy.ops.era3d.remove_backend*", "set-up"),
    ("bpy.ops.era3d.*backend*", "set-up"),
    ("bpy.ops.era3d.doctor*", "doctor-and-models"),
    ("bpy.ops.era3d.*model*", "doctor-and-models"),
    ("bpy.ops.era3d.view*", "views"),
    ("bpy.ops.era3d.rebuild*", "edit-and-rebuild"),
    ("bpy.ops.era3d.*version*", "versions"),
    ("bpy.ops.era3d.*camera*", "cameras"),
    ("bpy.ops.era3d.*photos", "cameras"),
    ("bpy.ops.era3d.look*", "cameras"),
    ("bpy.ops.era3d.*", "contents"),
)


def page() -> Path | None:
    """Return the manual's file."""
    return next((path for path in _PLACES if path.is_file()), None)


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what Blender asks for: a prefix, and what follows it for each name."""
    found = page()
    if found is None:
        return "", ()
    return found.as_uri(), tuple((name, f"#{heading}") for name, heading in HEADINGS)


def register() -> None:
    """Tell Blender of the manual."""
    bpy.utils.register_manual_map(manual_map)


def unregister() -> None:
    """Take it back."""
    bpy.utils.unregister_manual_map(manual_map)
