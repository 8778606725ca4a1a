# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All English text that the add-on shows: of its classes and properties, and in what it draws."""

from __future__ import annotations

import ast
from pathlib import Path

import bpy

ADDON = Path(__file__).parents[2] / "era3d_blender"
_DRAWN = {"text", "placeholder"}
_TOLD = {"iface"}
_TABLES = {"STAGE_TEXT", "STATES"}  # of what is drawn


def all_texts() -> set[str]:
    """Return every text that should be translated."""
    found = {text for path in ADDON.rglob("*.py") for text in drawn(path)}
    for cls in own_classes():
        found |= set(texts_of(cls))
    return {text for text in found if any(map(str.isalpha, text)) and "://" not in text}


def own_classes() -> list[type]:
    """Return every class that the add-on registers."""
    import era3d_blender
    from era3d_blender import history, objects, properties

    groups = [thing for module in (history, objects, properties) for thing in vars(module).values()]
    groups = [g for g in groups if isinstance(g, type) and issubclass(g, bpy.types.PropertyGroup)]
    return [*era3d_blender._parts()[1], *groups]


def texts_of(cls: type) -> list[str]:
    """Return the texts of a class and of the properties that are its own."""
    rna = cls.bl_rna
    if issubclass(cls, bpy.types.Operator):
        rna = getattr(bpy.ops.era3d, cls.bl_idname.partition(".")[2]).get_rna_type()
    texts = [getattr(cls, "bl_label", ""), getattr(cls, "bl_description", "")]
    if not issubclass(cls, bpy.types.PropertyGroup):
        texts.append(rna.description)
    base = {each.identifier for each in rna.base.properties} if rna.base else set()
    for known in rna.properties:
        if known.identifier in base or (known.is_hidden and not known.description):
            continue
        texts += [known.name if known.name != known.identifier else "", known.description]
        if known.type == "ENUM":
            texts += [text for item in known.enum_items for text in (item.name, item.description)]
    return [text for text in texts if text]


def drawn(path: Path) -> list[str]:
    """Return the literal texts of the calls in a file that draw them."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in _TABLES:
            texts += [text for text in strings(node.value.values) if not text.isupper()]
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "text":
            texts += literals(node.value)
        if not isinstance(node, ast.Call):
            continue
        given = [key.value for key in node.keywords if key.arg in _DRAWN]
        if isinstance(node.func, ast.Name) and node.func.id in _TOLD:
            given += node.args[:1]
        texts += [text for value in given for text in literals(value)]
    return texts


def literals(value: ast.expr) -> list[str]:
    """Return the text that an expression is, or the two that it chooses from."""
    parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    found = [part.value for part in parts if isinstance(part, ast.Constant)]
    return [text for text in found if isinstance(text, str)]


def strings(nodes: list[ast.expr]) -> list[str]:
    """Return the literal texts in some expressions."""
    inside = [each for node in nodes for each in ast.walk(node)]
    return [each.value for each in inside if isinstance(each, ast.Constant)]


def shown() -> set[str]:
    """Return the names of all properties that some panel or dialog draws."""
    names = set()
    for path in ADDON.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if called and node.func.attr == "prop":
                names |= {a.value for a in node.args[1:2] if isinstance(a, ast.Constant)}
    return names
