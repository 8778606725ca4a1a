# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an imported job keeps on its objects: its results, how its pictures show, their weights."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

PICTURES = (
    ("color", "Color", "Show the colour views behind the scene"),
    ("normal", "Normal", "Show the normal maps behind the scene"),
    ("none", "None", "Show no pictures"),
)


def _show_pictures(settings: Era3DObject, _context: bpy.types.Context) -> None:
    from .scene.cameras import show_pictures

    show_pictures(settings.id_data)


def _height(settings: Era3DObject) -> float:
    from .scene.placing import height_of

    return height_of(settings.id_data)


def _set_height(settings: Era3DObject, height: float) -> None:
    from .scene.placing import set_height

    set_height(settings.id_data, height)


class Era3DVersion(bpy.types.PropertyGroup):
    """One result of a job: all that is swapped when an artist goes back to it."""

    mesh: PointerProperty(name="Mesh", type=bpy.types.Mesh)
    texture: PointerProperty(name="Texture", type=bpy.types.Image)
    normal_map: PointerProperty(name="Normal Map", type=bpy.types.Image)
    coverage: PointerProperty(name="Coverage", type=bpy.types.Image)
    job: StringProperty(name="Job Folder", description="The job folder this result came from")
    seed: StringProperty(name="Seed", description="Text: seeds outgrow Blender's integers")
    contents: StringProperty(name="Contents", description="Hash of the job's result files")


class Era3DObject(bpy.types.PropertyGroup):
    """Of a root: its results and how the cameras show their pictures. Of a camera: its weight."""

    versions: CollectionProperty(type=Era3DVersion)
    version: IntProperty(name="Version", description="The result that is shown", default=-1)
    pictures: EnumProperty(
        name="Pictures",
        description="Which pictures the cameras show",
        items=PICTURES,
        update=_show_pictures,
    )
    opacity: FloatProperty(
        name="Opacity",
        description="How much the cameras' pictures cover what is behind them",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
        update=_show_pictures,
    )
    in_front: BoolProperty(
        name="In Front",
        description="Show the pictures before the object, to compare the two or to trace",
        update=_show_pictures,
    )
    height: FloatProperty(
        name="Height",
        description="Height of the object; its cameras and their pictures follow",
        min=0.0,
        subtype="DISTANCE",
        get=_height,
        set=_set_height,
        options=set(),
    )
    use_view: BoolProperty(
        name="Use View",
        description="Build mesh and texture with this view; off: from the other views alone",
        default=True,
    )
    weight: FloatProperty(
        name="Weight",
        description="How far this view is trusted where views disagree; Rebuild applies it",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
    )


def register() -> None:
    """Hang the groups on objects."""
    bpy.utils.register_class(Era3DVersion)
    bpy.utils.register_class(Era3DObject)
    bpy.types.Object.era3d = PointerProperty(type=Era3DObject)


def unregister() -> None:
    """Take them off again."""
    del bpy.types.Object.era3d
    bpy.utils.unregister_class(Era3DObject)
    bpy.utils.unregister_class(Era3DVersion)
