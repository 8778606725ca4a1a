# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D: one picture in, a textured mesh and six registered cameras out."""


def register() -> None:
    """Make the add-on known to Blender."""
    import bpy

    modules, classes = _parts()
    for module in modules:
        module.register()
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take everything back, the running backend included."""
    import bpy

    modules, classes = _parts()
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
    for module in reversed(modules):
        module.unregister()


def _parts() -> tuple[tuple, tuple]:
    """Return modules and classes to register; imported here, so that client needs no bpy."""
    from . import (
        backend,
        cli,
        history,
        installation,
        jobs,
        machine,
        manual,
        objects,
        operators,
        preferences,
        properties,
        translations,
        ui,
    )

    classes = (preferences.Era3DPreferences, *operators.classes(), *ui.CLASSES)
    modules = (properties, objects, history, backend, jobs, installation, machine, *ui.MODULES, cli)
    modules += (manual, translations)
    return modules, classes
