# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface in other languages: a file a language, from the English text to its own."""

from __future__ import annotations

from importlib import import_module

import bpy

LANGUAGES = {"de": ("de_DE",), "zh_hans": ("zh_HANS", "zh_CN")}  # by Blender's names
_CONTEXTS = ("*", "Operator")


def table() -> dict[str, dict[tuple[str, str], str]]:
    """Return what Blender is told: for each of its locales, texts by context and English text."""
    told = {}
    for name, locales in LANGUAGES.items():
        texts = import_module(f"{__name__}.{name}").TEXTS
        for locale in locales:
            told[locale] = {(at, text): own for text, own in texts.items() for at in _CONTEXTS}
    return told


def register() -> None:
    """Tell Blender of our texts."""
    bpy.app.translations.register(__package__, table())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__package__)
