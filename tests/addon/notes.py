# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a panel on a layout that only takes notes, and checks what Blender would check."""

from __future__ import annotations

import types

import bpy


class Notes:
    """Stands in for UILayout: takes any call, checks what Blender would check."""

    def __init__(self, notes=None):
        self.notes = [] if notes is None else notes

    def __getattr__(self, name):
        known = bpy.types.UILayout.bl_rna
        if name in known.properties:
            return None
        assert name in known.functions, f"UILayout has no {name}"

        def call(*arguments, **options):
            allowed = set(known.functions[name].parameters.keys())
            if name == "operator":
                allowed |= {"properties"}
            assert set(options) <= allowed, (name, options)
            if "icon" in options:
                icons = known.functions["prop"].parameters["icon"].enum_items
                assert options["icon"] in icons, options["icon"]
            self.notes.append((name, arguments, options))
            if name == "panel":
                return Notes(self.notes), Notes(self.notes)
            if name in {"row", "column", "box", "grid_flow", "split"}:
                return Notes(self.notes)
            return types.SimpleNamespace()

        return call

    def texts(self):
        return [o.get("text", "") for _, _, o in self.notes]

    def operators(self):
        return [a[0] for name, a, _ in self.notes if name == "operator"]


def draw(panel):
    """Return the notes of what a panel draws."""
    notes = Notes()
    panel.draw(types.SimpleNamespace(layout=notes), bpy.context)
    return notes
