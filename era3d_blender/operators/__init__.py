# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per thing an artist can do; every file here is taken in."""

import pkgutil
from importlib import import_module

import bpy

_KINDS = (bpy.types.Operator, bpy.types.FileHandler)


def classes() -> list[type]:
    """Return the operators and file handlers of this folder's files, in the files' order.

    An operator's docstring, on one line, is its tooltip.
    """
    files = sorted(info.name for info in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in files]
    found = [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, _KINDS)
        and thing.__module__ == module.__name__
    ]
    for cls in found:
        if issubclass(cls, bpy.types.Operator):
            cls.bl_description = " ".join((cls.__doc__ or "").split())
    return found
