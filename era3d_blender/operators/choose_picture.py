# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the picture to start from: a file, dropped or picked, the last render, the clipboard."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import bpy

from .choosing import PictureFileOperator

EXTENSIONS = ".png;.jpg;.jpeg;.webp;.tif;.tiff;.bmp;.exr;.hdr;.tga;.jp2;.psd"


class ERA3D_OT_choose_picture(PictureFileOperator, bpy.types.Operator):
    """Choose the picture to make an object from"""

    bl_idname = "era3d.choose_picture"
    bl_label = "Use as Era3D Picture"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Load the picture and show it in the panel."""
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            self.report({"ERROR"}, f"There is no picture at {path}")
            return {"CANCELLED"}
        return use_file(self, context, path)


class ERA3D_OT_picture_from_render(bpy.types.Operator):
    """Take the last render as the picture; render with a transparent film and it is cut out"""

    bl_idname = "era3d.picture_from_render"
    bl_label = "Last Render"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy the render's result into an image of its own."""
        from ..scene.folder import JobFolderError
        from ..scene.pictures import render_as_image

        try:
            context.scene.era3d.picture = render_as_image(context.scene)
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.scene.era3d.mask = None
        return {"FINISHED"}


class ERA3D_OT_picture_from_clipboard(bpy.types.Operator):
    """Take the picture on the clipboard, or the picture file that was copied"""

    bl_idname = "era3d.picture_from_clipboard"
    bl_label = "Clipboard"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Try the clipboard's picture first, then its text as a path."""
        image = pasted_image(context)
        if image is not None:
            context.scene.era3d.picture, context.scene.era3d.mask = image, None
            return {"FINISHED"}
        path = path_in(context.window_manager.clipboard)
        if path is not None:
            return use_file(self, context, path)
        self.report(
            {"ERROR"},
            "The clipboard holds no picture that this system gives to Blender: "
            "drop a file onto the viewport, or open one",
        )
        return {"CANCELLED"}


class ERA3D_FH_picture(bpy.types.FileHandler):
    """Takes a picture dropped onto the viewport."""

    bl_idname = "ERA3D_FH_picture"
    bl_label = "Era3D picture"
    bl_import_operator = "era3d.choose_picture"
    bl_file_extensions = EXTENSIONS

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Blender's own handlers have the camera view, and other modes are for other work."""
        space = context.space_data
        if space is None or space.type != "VIEW_3D" or context.mode != "OBJECT":
            return False
        return space.region_3d.view_perspective != "CAMERA"


def use_file(operator: bpy.types.Operator, context: bpy.types.Context, path: Path) -> set[str]:
    """Make a file the panel's picture, or report why it cannot be."""
    from ..scene.pictures import problem_of

    known = set(bpy.data.images)
    try:
        image = bpy.data.images.load(str(path), check_existing=True)
    except RuntimeError as error:
        operator.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
        return {"CANCELLED"}
    problem = problem_of(image)
    if problem:
        if image not in known:
            bpy.data.images.remove(image)
        operator.report({"ERROR"}, problem)
        return {"CANCELLED"}
    context.scene.era3d.picture, context.scene.era3d.mask = image, None
    return {"FINISHED"}


def path_in(text: str) -> Path | None:
    """Return the file that a clipboard's text names, as a path or as file managers write it."""
    line = text.strip().splitlines()[0].strip().strip('"') if text.strip() else ""
    if line.startswith("file://"):
        line = _unquoted("/" + line.removeprefix("file://").partition("/")[2])
        if os.name == "nt":
            line = line.lstrip("/")
    with contextlib.suppress(OSError, ValueError):
        path = Path(line).expanduser()
        if line and path.is_absolute() and path.is_file():
            return path
    return None


def _unquoted(text: str) -> str:
    """Return a URL's path as a file system has it: each %XX is a byte of UTF-8."""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.decode("utf-8", "replace")


def pasted_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Return the clipboard's picture as a packed image, where the system gives it to Blender."""
    area = context.area or (context.screen.areas[0] if context.screen else None)
    if area is None or bpy.app.background:
        return None
    known, kind = set(bpy.data.images), area.type
    try:
        area.type = "IMAGE_EDITOR"  # the only editor that Blender pastes pictures in
        with context.temp_override(area=area):
            bpy.ops.image.clipboard_paste()
    except RuntimeError:  # there is none
        pass
    finally:
        area.type = kind
    image = next((image for image in bpy.data.images if image not in known), None)
    if image is not None and not image.packed_file:
        image.pack()
    return image
