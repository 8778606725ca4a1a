# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist sets in the panel; the state of a job is not here, undo would revert it."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty, PointerProperty, StringProperty

MODELS = (
    ("mini", "Era3D mini", "Small model that ships with the backend: quick, needs no GPU, blurry"),
    ("6view", "Era3D 6view", "Released model for any photo; needs a GPU and its weights"),
    ("ortho", "Era3D ortho", "Released model for pictures taken straight on; needs a GPU"),
    ("CUSTOM", "Folder", "A checkpoint of your own"),
)
QUALITIES = (
    ("draft", "Draft", "Few steps: to see what a seed gives"),
    ("standard", "Standard", "Nearly the reference in a fraction of its steps"),
    ("reference", "Reference", "As many steps as Era3D was published with"),
)
LARGEST_SEED = 2**31 - 1


def model_property() -> EnumProperty:
    """Return the choice of model, the same in the panel and in the operator."""
    return EnumProperty(name="Model", description="What draws the six views", items=MODELS)


def folder_property() -> StringProperty:
    """Return the folder of a checkpoint of the artist's own."""
    return StringProperty(name="Folder", description="Folder of the checkpoint", subtype="DIR_PATH")


def quality_property() -> EnumProperty:
    """Return the choice of how long the model works on the views."""
    return EnumProperty(
        name="Quality",
        description="How many steps the model takes",
        items=QUALITIES,
        default="standard",
    )


def seed_property() -> IntProperty:
    """Return the seed of all random numbers of a job."""
    return IntProperty(
        name="Seed",
        description="Another seed, another back side; the same seed, the same result",
        min=0,
        max=LARGEST_SEED,
    )


class Era3DSettings(bpy.types.PropertyGroup):
    """The panel's settings."""

    picture: PointerProperty(
        name="Picture", description="The picture to make an object from", type=bpy.types.Image
    )
    model: model_property()
    model_folder: folder_property()
    quality: quality_property()
    seed: seed_property()


def register() -> None:
    """Hang the settings on the scene."""
    bpy.utils.register_class(Era3DSettings)
    bpy.types.Scene.era3d = PointerProperty(type=Era3DSettings)


def unregister() -> None:
    """Take the settings off again."""
    del bpy.types.Scene.era3d
    bpy.utils.unregister_class(Era3DSettings)
