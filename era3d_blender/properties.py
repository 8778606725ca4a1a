# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist sets in the panel; the state of a job is not here, undo would revert it."""

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

MODELS = (
    ("mini", "Era3D mini", "Small model that ships with the backend: quick, needs no GPU, blurry"),
    ("6view", "Era3D 6view", "Released model for any photo; needs a GPU and its weights"),
    ("ortho", "Era3D ortho", "Released model for pictures taken straight on; needs a GPU"),
    ("CUSTOM", "Other", "A checkpoint of your own: its folder, or its name among the models"),
)
QUALITIES = (
    ("draft", "Draft", "Few steps: to see what a seed gives"),
    ("standard", "Standard", "Nearly the reference in a fraction of its steps"),
    ("reference", "Reference", "As many steps as Era3D was published with"),
)
METHODS = (
    ("levelset", "Normals", "The full mesh: silhouettes and normal maps fused"),
    ("hull", "Silhouettes", "A quick preview: what all silhouettes have in common"),
)
TEXTURES = (
    ("atlas", "Image", "A picture on UV coordinates"),
    ("vertex", "Vertex Colors", "A color attribute of the mesh"),
)
ENDS = (
    ("texture", "Textured Mesh", "Go on to the end"),
    ("views", "Views", "Stop at the six views: choose among seeds before a mesh is made"),
)
DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "mps", "xpu")
LARGEST_SEED = 2**31 - 1
# What goes into a request under its own name.
_SAME = ("seed", "quality", "crop_size", "device", "method", "cells", "faces", "symmetric")
_SAME += ("refine", "isotropic", "texture", "texture_size", "normal_map")


def _devices(_self: object, _context: bpy.types.Context, text: str) -> list[str]:
    return [name for name in DEVICES if text in name]


class RequestProperties:
    """What a job can be asked for: the same in the panel, in operators and in a request."""

    model: EnumProperty(name="Model", description="What draws the six views", items=MODELS)
    model_folder: StringProperty(
        name="Checkpoint",
        description="Folder of a checkpoint, or the name that it was imported under",
        subtype="DIR_PATH",
    )
    quality: EnumProperty(
        name="Quality",
        description="How many steps the model takes",
        items=QUALITIES,
        default="standard",
    )
    seed: IntProperty(
        name="Seed",
        description="Another seed, another back side; the same seed, the same result",
        min=0,
        max=LARGEST_SEED,
    )
    crop_size: IntProperty(
        name="Subject Size",
        description="Pixels of 512 that the subject's longer side takes; smaller leaves a margin",
        min=200,
        max=512,
        default=420,
        subtype="PIXEL",
    )
    device: StringProperty(
        name="Device",
        description="What computes: auto takes the best there is",
        default="auto",
        search=_devices,
    )
    vram_limit: FloatProperty(
        name="Memory Limit",
        description="Gigabytes of the device's memory that the model may use; 0: what is free",
        min=0.0,
        max=1024.0,
        soft_max=48.0,
        precision=1,
    )
    method: EnumProperty(
        name="Method", description="What the mesh is made from", items=METHODS, default="levelset"
    )
    cells: IntProperty(
        name="Resolution",
        description="Voxels on the object's longest side; fewer are quicker and coarser",
        min=64,
        max=384,
        default=176,
    )
    faces: IntProperty(
        name="Triangles",
        description="Triangles of the mesh, about",
        min=100,
        max=5_000_000,
        soft_max=200_000,
        default=30_000,
    )
    symmetric: BoolProperty(
        name="Symmetric", description="Left and right of the object mirror each other"
    )
    refine: BoolProperty(
        name="Refine",
        description="Let the vertices follow the normal maps at full size; for views that agree",
    )
    isotropic: BoolProperty(
        name="Even Triangles", description="Triangles nearly equilateral and of one size"
    )
    texture: EnumProperty(
        name="Colors", description="How the colors are kept", items=TEXTURES, default="atlas"
    )
    texture_size: IntProperty(
        name="Size",
        description="Width and height of the texture",
        min=64,
        max=8192,
        default=1024,
        subtype="PIXEL",
    )
    normal_map: BoolProperty(
        name="Normal Map", description="Bake the views' normals into a normal map as well"
    )
    until: EnumProperty(
        name="Make", description="How far a job goes", items=ENDS, default="texture"
    )


class Era3DSettings(RequestProperties, bpy.types.PropertyGroup):
    """The panel's settings."""

    picture: PointerProperty(
        name="Picture", description="The picture to make an object from", type=bpy.types.Image
    )
    mask: PointerProperty(
        name="Mask",
        description="What of the picture is the subject (white); without one it is found",
        type=bpy.types.Image,
    )
    keep_seed: BoolProperty(
        name="Lock Seed",
        description="Use this seed again; else each Generate takes a new one",
        default=True,
    )
    count: IntProperty(
        name="Variants",
        description="So many jobs, each with a seed of its own",
        min=1,
        max=16,
        default=1,
    )


def request_of(properties: RequestProperties) -> dict[str, Any]:
    """Return the entries of a request.json that properties stand for.

    Raises
    ------
    ValueError
        When a file of a newer version of the add-on holds a choice that this one does not know.
    """
    for name in ("model", *_SAME):
        if getattr(properties, name) == "":
            label = properties.bl_rna.properties[name].name
            raise ValueError(f"{label}: this file was saved by a newer version; choose again")
    other = properties.model == "CUSTOM"
    request = {"model": properties.model}
    if other:
        request["model"] = bpy.path.abspath(properties.model_folder.strip())
    request |= {name: getattr(properties, name) for name in _SAME}
    if properties.vram_limit:
        request["vram_limit"] = properties.vram_limit
    return request


def take_request(request: dict[str, Any], properties: RequestProperties) -> list[str]:
    """Set properties to what a request.json holds; return the entries that do not fit."""
    known = {name for name, *_ in MODELS}
    model = str(request.get("model", properties.model))
    values = {"model": model} if model in known else {"model": "CUSTOM", "model_folder": model}
    values |= {name: request[name] for name in _SAME if name in request}
    values["vram_limit"] = request.get("vram_limit") or 0.0
    misfits = []
    for name, value in values.items():
        try:
            setattr(properties, name, value)
        except (TypeError, ValueError, OverflowError):
            misfits.append(name)
    return misfits


def names() -> tuple[str, ...]:
    """Return the names of all properties of a request."""
    return tuple(RequestProperties.__annotations__)


def register() -> None:
    """Hang the settings on the scene."""
    bpy.utils.register_class(Era3DSettings)
    bpy.types.Scene.era3d = PointerProperty(type=Era3DSettings)


def unregister() -> None:
    """Take the settings off again."""
    del bpy.types.Scene.era3d
    bpy.utils.unregister_class(Era3DSettings)
